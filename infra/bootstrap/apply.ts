import { Api, type ApplyOptions, onEach, type Requester, type StoredObject } from './api';
import { ChartMissingError, type Charts, helmCharts } from './charts';
import { readDefinitions } from './definitions';
import { isNamespace, type KubeObject, nameOf } from './object';
import type { BootstrapPlan, BootstrapStep } from './plan';
import { notRunning, notServed, waitFor } from './wait';

/** Field manager of what the bootstrap keeps. */
export const FIELD_MANAGER = 'keelson-bootstrap';

/**
 * Argo CD's own field manager, which owns from the start what it adopts later: a field that another manager owned too
 * would stay in the cluster when the tree drops it. Source: `ArgoCDSSAManager` in Argo CD's common/common.go.
 */
export const ADOPTER = 'argocd-controller';

/** Argo CD's mark on what it tracks. Source: `AnnotationKeyAppInstance` there. */
const TRACKED = 'argocd.argoproj.io/tracking-id';

/** How long a step may take until what it made is as the next one needs it, in milliseconds. */
const STEP_TIMEOUT = 10 * 60_000;

/** Something that a step could not do. */
export interface BootstrapFailure {
  readonly step: string;
  /** Such as `Namespace argocd`. @default - the step as a whole */
  readonly object?: string;
  readonly message: string;
}

/** A step failed. Holds every failure of that step, and the steps that were not tried since they need it. */
export class BootstrapError extends Error {
  override readonly name = 'BootstrapError';

  constructor(
    readonly failures: readonly BootstrapFailure[],
    readonly notReached: readonly string[],
  ) {
    const lines = failures.map(({ step, object, message }) => `${step}: ${object ? `${object}: ` : ''}${message}`);
    const rest = notReached.length > 0 ? [`not reached: ${notReached.join(', ')}`] : [];
    super([...lines, ...rest].join('\n'));
  }
}

/** What one step did: counts of objects. */
export interface StepResult {
  readonly name: string;
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Left alone, since Argo CD has them. */
  readonly adopted: number;
  readonly milliseconds: number;
}

/** What was done. Only where `skipped` and `notRunning` are empty is the whole of the plan in force. */
export interface BootstrapResult {
  readonly steps: readonly StepResult[];
  /** Steps that were left out, and why: never done. */
  readonly skipped: readonly { readonly step: string; readonly reason: string }[];
  /** Steps of which nothing runs, since nodes are simulated. */
  readonly notRunning: readonly { readonly step: string; readonly reason: string }[];
}

export interface BootstrapOptions {
  /** Told one line a step. @default - silent */
  readonly onProgress?: (message: string) => void;
  /**
   * True where no container runs. Nothing is then waited for that only containers can do, and a chart that cannot be
   * had is skipped; else it is a failure, since nothing after it could start. @default false
   */
  readonly simulatedNodes?: boolean;
  /** @default - Helm, from each chart's repository */
  readonly charts?: Charts;
  /** @default - from the cache, git, or Go modules */
  readonly definitions?: typeof readDefinitions;
  /** Milliseconds that a step may take. @default 600000 */
  readonly timeout?: number;
}

/**
 * Does the plan on a running API server as one of its administrators. Level-triggered: it may be done again at any
 * time, after a half-finished run too, changes only what differs, and leaves alone what Argo CD has taken over.
 * Rejects with `BootstrapError` at the first step that fails, with all of that step's failures.
 */
export async function applyBootstrap(
  plan: BootstrapPlan,
  requester: Requester,
  options: BootstrapOptions = {},
): Promise<BootstrapResult> {
  const { onProgress = () => {}, simulatedNodes = false } = options;
  const api = new Api(requester);
  await api.discover();
  const steps: StepResult[] = [];
  const skipped: { step: string; reason: string }[] = [];
  for (const [i, step] of plan.steps.entries()) {
    try {
      const result = await new StepRun(api, step, options).run();
      steps.push(result);
      onProgress(`${step.name}: ${summary(result)}`);
    } catch (error) {
      if (simulatedNodes && error instanceof ChartMissingError) {
        skipped.push({ step: step.name, reason: error.message });
        onProgress(`${step.name}: skipped: ${error.message}`);
        continue;
      }
      const rest = plan.steps.slice(i + 1).map(({ name }) => name);
      const failures = error instanceof StepError ? error.failures : [{ message: (error as Error).message }];
      throw new BootstrapError(
        failures.map((failure) => ({ step: step.name, ...failure })),
        rest,
      );
    }
  }
  const done = new Set(steps.map(({ name }) => name));
  const still = plan.steps.filter((step) => simulatedNodes && done.has(step.name) && !step.runsOnSimulatedNodes);
  return {
    steps,
    skipped,
    notRunning: still.map(({ name, missingOnSimulatedNodes = '' }) => ({
      step: name,
      reason: missingOnSimulatedNodes,
    })),
  };
}

/**
 * What is not as the plan says, a sentence each: a missing object, and a changed one among those that the bootstrap
 * keeps. Charts are not looked at: Argo CD keeps them. Changes nothing.
 */
export async function bootstrapDrift(
  plan: BootstrapPlan,
  requester: Requester,
  options: Pick<BootstrapOptions, 'definitions'> = {},
): Promise<readonly string[]> {
  const api = new Api(requester);
  await api.discover();
  const drift: string[] = [];
  for (const step of plan.steps) {
    if (step.content.kind === 'chart') continue;
    const objects = await contentOf(step, api, options);
    const found = await onEach(objects, async (object) => {
      if (!api.serves(object.apiVersion, object.kind)) return `${nameOf(object)} is not there: its kind is not served`;
      const stored = await api.get(object);
      if (!stored) return `${nameOf(object)} is not there`;
      if (step.adoptedBy !== undefined) return undefined;
      const wanted = await api.apply(object, { fieldManager: FIELD_MANAGER, dryRun: true });
      return essence(wanted) === essence(stored) ? undefined : `${nameOf(object)} was changed`;
    });
    drift.push(...found.filter((one) => one !== undefined).map((one) => `${step.name}: ${one}`));
  }
  return drift;
}

/** What of an object counts: not who wrote it when. */
function essence({ metadata, ...rest }: StoredObject): string {
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...own } = metadata;
  return JSON.stringify({ metadata: own, ...rest });
}

/** Failures of one step, before it is said which. */
class StepError extends Error {
  constructor(readonly failures: readonly Omit<BootstrapFailure, 'step'>[]) {
    super(failures.map(({ message }) => message).join('; '));
  }
}

async function contentOf(
  { content }: BootstrapStep,
  api: Api,
  options: Pick<BootstrapOptions, 'charts' | 'definitions' | 'onProgress'>,
): Promise<readonly KubeObject[]> {
  const { onProgress } = options;
  switch (content.kind) {
    case 'objects':
      return content.objects;
    case 'definitions':
      return (options.definitions ?? readDefinitions)(content.source, content.kinds, onProgress ? { onProgress } : {});
    case 'chart': {
      const charts = options.charts ?? helmCharts(onProgress ? { onProgress } : {});
      const objects = await charts(content, api.served());
      return objects.map((object) => api.placed(object, content.namespace));
    }
  }
}

/** One step under way. */
class StepRun {
  private readonly counts = { created: 0, changed: 0, unchanged: 0, adopted: 0 };
  private readonly started = Date.now();

  constructor(
    private readonly api: Api,
    private readonly step: BootstrapStep,
    private readonly options: BootstrapOptions,
  ) {}

  async run(): Promise<StepResult> {
    for (const group of inOrder(await contentOf(this.step, this.api, this.options))) {
      const applied = await onEach(group, (object) => this.apply(object));
      const failures = applied.flatMap(({ failure }) => failure ?? []);
      if (failures.length > 0) throw new StepError(failures);
      await this.awaits(applied.flatMap(({ made }) => made ?? []));
    }
    if (this.step.until === 'served') await this.api.discover();
    return { name: this.step.name, ...this.counts, milliseconds: Date.now() - this.started };
  }

  /** Gives the object as `made` where it is the bootstrap's to wait for. */
  private async apply(
    object: KubeObject,
  ): Promise<{ readonly made?: KubeObject; readonly failure?: Omit<BootstrapFailure, 'step'> }> {
    const { adoptedBy, content } = this.step;
    const how: ApplyOptions = adoptedBy === undefined ? { fieldManager: FIELD_MANAGER } : { fieldManager: ADOPTER };
    try {
      const before = await this.api.get(object);
      if (adoptedBy !== undefined && before?.metadata.annotations?.[TRACKED] !== undefined) {
        this.counts.adopted++;
        return {};
      }
      const after = await this.api.apply(object, { ...how, strict: content.kind === 'objects' });
      const unchanged = before?.metadata.resourceVersion === after.metadata.resourceVersion;
      this.counts[before ? (unchanged ? 'unchanged' : 'changed') : 'created']++;
      return { made: object };
    } catch (error) {
      return { failure: { object: nameOf(object), message: (error as Error).message } };
    }
  }

  private async awaits(objects: readonly KubeObject[]): Promise<void> {
    const { until } = this.step;
    const { simulatedNodes = false, timeout = STEP_TIMEOUT } = this.options;
    // That a simulator calls a Pod ready proves nothing, and it may not even be there yet.
    if (until === 'stored' || (until === 'running' && simulatedNodes)) return;
    const failures = await waitFor(this.api, objects, until === 'served' ? notServed : notRunning, timeout);
    if (failures.length > 0) throw new StepError(failures);
  }
}

const HOOK = 'helm.sh/hook';
const WEIGHT = 'helm.sh/hook-weight';

/** Objects in groups that must come one after another: namespaces, a chart's hooks before it, itself, its hooks after it. */
function inOrder(objects: readonly KubeObject[]): readonly (readonly KubeObject[])[] {
  const hook = ({ metadata }: KubeObject) => metadata.annotations?.[HOOK] ?? '';
  const phase = (object: KubeObject): number => {
    if (isNamespace(object)) return -1000;
    if (/pre-install/.test(hook(object))) return -500 + Number(object.metadata.annotations?.[WEIGHT] ?? 0);
    if (/post-install/.test(hook(object))) return 500 + Number(object.metadata.annotations?.[WEIGHT] ?? 0);
    return 0;
  };
  // Hooks of an upgrade, a removal or a test have no part in a first installation.
  const wanted = objects.filter((object) => hook(object) === '' || /(pre|post)-install/.test(hook(object)));
  const phases = [...new Set(wanted.map(phase))].sort((a, b) => a - b);
  return phases.map((one) => wanted.filter((object) => phase(object) === one));
}

function summary({ created, changed, unchanged, adopted, milliseconds }: StepResult): string {
  const counts = { created, changed, unchanged, "Argo CD's": adopted };
  const told = Object.entries(counts).filter(([, count]) => count > 0);
  const words = told.map(([word, count]) => `${count} ${word}`).join(', ') || 'nothing to do';
  return `${words} in ${(milliseconds / 1000).toFixed(1)} s`;
}
