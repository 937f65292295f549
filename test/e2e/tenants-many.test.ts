import { loadAll } from 'js-yaml';
import { asLines, startApiServer, type ApiServer } from '../../src/engines';
import { renderPlatform, type Rendering } from '../../src/render';
import { addFiles, claimFile, claimFiles, folderOf, localProps, nothingOn, platformFile } from '../support/platforms';
import { Api, kindOf, messageOf, onEach, type KubeObject } from './support/api';

/** Tenants with two environments each: Kubernetes' threshold of namespaces in a cluster. */
const TENANTS = Number(process.env.KEELSON_TENANTS ?? 5000);

const MORE = '  environments: { live: {}, sandbox: {} }\n';

/** What Kubernetes itself serves; a real cluster has the definitions of the others. */
const OWN_GROUPS = /^(v1|apps\/.*|rbac[.].*|networking[.]k8s[.]io\/.*|admissionregistration[.].*|policy\/.*)$/;

describe(`${TENANTS * 2} namespaces on a real API server`, () => {
  const say = (message: string): void => void process.stderr.write(`${message}\n`);
  let server: ApiServer;
  let api: Api;
  let root: string;
  let rendering: Rendering;

  beforeAll(async () => {
    server = await startApiServer({ flags: ['--disable-admission-plugins=ServiceAccount'], onProgress: asLines(say) });
    api = await Api.of(server);
    root = folderOf({
      'platform.ts': platformFile({ ...localProps, addOns: nothingOn }),
      ...Object.fromEntries(Object.entries(claimFiles(TENANTS)).map(([path, text]) => [path, text + MORE])),
    });
    rendering = await renderPlatform({ root });
  }, 10 * 60_000);

  afterAll(() => server?.stop());

  /** Applies files of the tree, namespaces first; gives how many objects and what was refused. */
  async function apply(wanted: (path: string) => boolean): Promise<{ objects: number; refused: readonly string[] }> {
    const refused: string[] = [];
    const objects = [...rendering.tree.files.keys()]
      .filter((path) => wanted(path) && !path.endsWith('keelson.yaml') && path.endsWith('.yaml'))
      .flatMap((path) => loadAll(Buffer.from(rendering.tree.read(path)).toString('utf8')) as KubeObject[])
      .filter(({ apiVersion }) => OWN_GROUPS.test(apiVersion));
    const isNamespace = ({ kind }: KubeObject) => kind === 'Namespace';
    for (const wave of [objects.filter(isNamespace), objects.filter((one) => !isNamespace(one))]) {
      await onEach(wave, async (object) => {
        const { status, body } = await api.apply(object);
        if (status >= 300) refused.push(`${kindOf(object)} ${object.metadata.name}: ${messageOf(body)}`);
      });
    }
    return { objects: objects.length, refused };
  }

  /** Milliseconds that a Pod of a tenant takes to be judged, the median of twenty. */
  async function judged(namespace: string): Promise<number> {
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const from = performance.now();
      const { status, body } = await server.request(
        'POST',
        `/api/v1/namespaces/${namespace}/pods?dryRun=All`,
        pod(namespace),
      );
      times.push(performance.now() - from);
      expect([status, messageOf(body)]).toEqual([201, expect.anything()]);
    }
    return times.sort((a, b) => a - b)[10]!;
  }

  test(
    'are all accepted, and one more is as soon there as the first',
    async () => {
      expect(rendering.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
      const guardrails = await apply((path) => path.includes('/policies/') || path.includes('/apps/'));
      expect(guardrails.refused).toEqual([]);
      const first = await timed(() => apply((path) => path.includes('/tenants/team-0000/')));
      const alone = await judged('team-0000-sandbox');
      const all = await timed(() => apply((path) => path.includes('/tenants/')));
      expect(all.result.refused).toEqual([]);
      expect(all.result.objects).toBeGreaterThan(TENANTS * 20);

      addFiles(root, { 'tenants/claims/zoo.yaml': claimFile('zoo', MORE) });
      const rendered = await timed(async () => {
        rendering = await renderPlatform({ root });
      });
      const last = await timed(() => apply((path) => path.includes('/tenants/zoo/')));
      expect(last.result).toEqual({ objects: first.result.objects, refused: [] });
      const among = await judged('zoo-sandbox');
      say(
        `${all.result.objects} objects of ${TENANTS * 2} namespaces in ${seconds(all.ms)}; one more tenant: rendered in ` +
          `${seconds(rendered.ms)}, ${last.result.objects} objects applied in ${seconds(last.ms)} (the first: ` +
          `${seconds(first.ms)}); a Pod judged in ${among.toFixed(1)} ms (with one tenant: ${alone.toFixed(1)} ms)`,
      );
    },
    30 * 60_000,
  );
});

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const from = performance.now();
  const result = await work();
  return { result, ms: performance.now() - from };
}

function pod(namespace: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace, labels: { 'app.kubernetes.io/name': 'web' } },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'web',
          image: `registry.example.com/web@sha256:${'0'.repeat(64)}`,
          resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '64Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            runAsUser: 1000,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  };
}
