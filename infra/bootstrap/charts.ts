import { access } from 'node:fs/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { asLines, getEngine } from '../../src/engines';
import { run } from '../../src/engines/run';
import type { KubeObject } from './object';
import type { StepContent } from './plan';

export type ChartContent = Extract<StepContent, { readonly kind: 'chart' }>;

/** No chart can be had here. The message is the reason, in words for the person who runs the bootstrap. */
export class ChartMissingError extends Error {
  override readonly name = 'ChartMissingError';
}

/**
 * Gives the objects of a chart on a cluster that serves these `<group>/<version>` and `<group>/<version>/<Kind>`.
 * Rejects with `ChartMissingError` where the chart cannot be had, with any other error where it is broken.
 */
export type Charts = (content: ChartContent, serves: readonly string[]) => Promise<readonly KubeObject[]>;

/** How charts are got. */
export interface ChartOptions {
  /** Folder of packed charts named `<name>-<version>.tgz`. @default - from each chart's own repository */
  readonly directory?: string;
  /** Told one line whenever something takes time. @default - silent */
  readonly onProgress?: (message: string) => void;
}

/** How long a chart's repository may take to answer before it counts as out of reach, in milliseconds. */
const REACH_TIMEOUT = 5_000;
/** How long Helm may take with one chart, in milliseconds. */
const TEMPLATE_TIMEOUT = 120_000;

/** Charts by Helm, rendered as Argo CD renders them: same version, release, namespace and values, without definitions. */
export function helmCharts(options: ChartOptions = {}): Charts {
  const { onProgress } = options;
  return async (content, serves) => {
    const { chart, releaseName, namespace, kubernetesVersion } = content;
    const place = await placeOf(content, options.directory);
    const helm = await getEngine('helm', onProgress ? { onProgress: asLines(onProgress) } : {});
    const folder = await mkdtemp(path.join(tmpdir(), 'keelson-chart-'));
    try {
      const values = path.join(folder, 'values.json');
      await writeFile(values, JSON.stringify(chart.values));
      const text = await run(
        helm,
        [
          ...['template', releaseName, ...place, '--namespace', namespace, '--values', values, '--skip-tests'],
          ...['--kube-version', kubernetesVersion, ...serves.flatMap((one) => ['--api-versions', one])],
        ],
        { timeout: TEMPLATE_TIMEOUT },
      );
      return (loadAll(text) as (KubeObject | null)[]).flatMap(flatten);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

/** Whether a chart's repository can be reached from here. */
export async function canReach(content: ChartContent): Promise<boolean> {
  return placeOf(content, undefined).then(
    () => true,
    () => false,
  );
}

/** Arguments that name the chart to Helm. Asked before Helm is, since building that only to find no chart is a pity. */
async function placeOf({ chart }: ChartContent, directory: string | undefined): Promise<readonly string[]> {
  const packed = `${chart.name}-${chart.version}.tgz`;
  if (directory !== undefined) {
    const file = path.join(directory, packed);
    await access(file).catch(() => {
      throw new ChartMissingError(`${packed} is not in ${directory}`);
    });
    return [file];
  }
  const oci = chart.repository.startsWith('oci://');
  const { origin } = new URL(chart.repository.replace(/^oci:/, 'https:'));
  const reached = oci ? `${origin}/v2/` : `${chart.repository}/index.yaml`;
  await fetch(reached, { method: 'HEAD', signal: AbortSignal.timeout(REACH_TIMEOUT) }).catch((error: Error) => {
    const reason = (error.cause as Error | undefined)?.message ?? error.message;
    throw new ChartMissingError(`${chart.repository} cannot be reached (${reason})`);
  });
  return oci
    ? [`${chart.repository}/${chart.name}`, '--version', chart.version]
    : [chart.name, '--repo', chart.repository, '--version', chart.version];
}

function flatten(document: KubeObject | null): readonly KubeObject[] {
  if (!document) return [];
  if (document.kind === 'List') return document.items as readonly KubeObject[];
  return [document];
}
