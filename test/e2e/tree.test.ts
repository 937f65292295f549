import path from 'node:path';
import { loadAll } from 'js-yaml';
import { asLines, startApiServer, type ApiServer } from '../../src/engines';
import { renderPlatform, type Rendering } from '../../src/render';
import { CRD_SOURCES } from '../../src/schemas/sources';
import { Api, installCrds, kindOf, messageOf, onEach, type KubeObject } from './support/api';

const REPOSITORY = path.resolve(__dirname, '..', '..');
/** The example, one platform of which everything optional is left out, and one that says all, as long as it may be. */
const PLATFORMS = {
  example: REPOSITORY,
  least: path.join(__dirname, 'platforms', 'least'),
  most: path.join(__dirname, 'platforms', 'most'),
};

/**
 * Add-ons whose definitions of the pinned version no Go module holds: their objects meet those of another release.
 * The list must not grow unseen.
 */
const OTHER_RELEASE = ['crossplane-provider-aws', 'external-secrets'];

/** An object and the file of the tree that it stands in. */
interface Placed {
  readonly file: string;
  readonly object: KubeObject;
}

interface Refusal extends Pick<Placed, 'file'> {
  readonly object: string;
  readonly message: string;
}

describe('a real API server', () => {
  const say = (message: string): void => void process.stderr.write(`${message}\n`);
  const renderings = new Map<string, Rendering>();
  let server: ApiServer;
  let api: Api;
  let installed: Awaited<ReturnType<typeof installCrds>>;

  beforeAll(async () => {
    for (const [name, root] of Object.entries(PLATFORMS)) {
      renderings.set(name, await renderPlatform({ root, cache: false }));
    }
    const kinds = new Set([...renderings.values()].flatMap(allObjects).map(({ object }) => kindOf(object)));
    // Nobody makes the accounts that ServiceAccount admission waits for.
    server = await startApiServer({ flags: ['--disable-admission-plugins=ServiceAccount'], onProgress: asLines(say) });
    installed = await installCrds(server, kinds);
    api = await Api.of(server);
  }, 30 * 60_000);

  afterAll(() => server?.stop());

  it.each(Object.keys(PLATFORMS))(
    'accepts every object of every cluster of the %s platform, and applying them again changes nothing',
    async (name) => {
      const rendering = renderings.get(name)!;
      expect(rendering.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
      for (const cluster of rendering.clusters) {
        const placed = objectsOf(rendering, cluster);
        const unserved = placed.filter(({ object }) => !api.serves(kindOf(object)));
        expect(unserved.map(({ file, object }) => `${file}: ${nameOf(object)}`)).toEqual([]);

        const { refusals, answers } = await applyAll(placed);
        const other = placed
          .flatMap(({ object }) => installed.get(kindOf(object)) ?? [])
          .filter((addOn) => OTHER.has(addOn));
        say(
          `${name}, ${cluster}: ${answers.size} of ${placed.length} objects accepted, ${other.length} of them by another release's definition`,
        );
        expect(refusals).toEqual([]);
        expect(answers.size).toBe(placed.length);
        expect(OTHER_RELEASE).toEqual(expect.arrayContaining([...new Set(other)]));

        // Definitions that give `status` a default store it on the second request, whoever sends that.
        const second = await applyAll(placed);
        const third = await applyAll(placed);
        expect(changed(answers, second.answers, withoutRevision)).toEqual([]);
        expect(changed(second.answers, third.answers, (object) => object)).toEqual([]);

        await api.remove(placed.map(({ object }) => object));
      }
    },
    5 * 60_000,
  );

  /** Namespaces before what stands in them. Answers by the objects' paths. */
  async function applyAll(
    placed: readonly Placed[],
  ): Promise<{ refusals: readonly Refusal[]; answers: ReadonlyMap<string, KubeObject> }> {
    const refusals: Refusal[] = [];
    const answers = new Map<string, KubeObject>();
    const isNamespace = ({ object }: Placed): boolean => object.kind === 'Namespace';
    for (const wave of [placed.filter(isNamespace), placed.filter((one) => !isNamespace(one))]) {
      await onEach(wave, async ({ file, object }) => {
        const { status, body } = await api.apply(object);
        if (status === 200 || status === 201) answers.set(api.path(object), body as KubeObject);
        else refusals.push({ file, object: nameOf(object), message: messageOf(body) });
      });
    }
    return { refusals, answers };
  }
});

const OTHER = new Set(CRD_SOURCES.filter(({ note }) => note !== undefined).map(({ addOn }) => addOn));

function allObjects(rendering: Rendering): readonly Placed[] {
  return rendering.clusters.flatMap((cluster) => objectsOf(rendering, cluster));
}

/** Every object of a cluster's directory but its intent, which is not for the cluster. */
function objectsOf({ tree }: Rendering, cluster: string): readonly Placed[] {
  const directory = `clusters/${cluster}/`;
  return [...tree.files.keys()]
    .filter((file) => file.startsWith(directory) && file !== `${directory}keelson.yaml`)
    .flatMap((file) =>
      (loadAll(Buffer.from(tree.read(file)).toString('utf8')) as KubeObject[]).map((object) => ({ file, object })),
    );
}

function nameOf({ kind, metadata: { namespace, name } }: KubeObject): string {
  return [kind, namespace, name].filter(Boolean).join(' ');
}

function withoutRevision({ metadata: { resourceVersion: _, ...metadata }, ...rest }: KubeObject): unknown {
  return { ...rest, metadata };
}

/** Paths of the objects that are not what they were. */
function changed(
  before: ReadonlyMap<string, KubeObject>,
  after: ReadonlyMap<string, KubeObject>,
  view: (object: KubeObject) => unknown,
): readonly string[] {
  const text = (object: KubeObject | undefined): string | undefined => object && JSON.stringify(view(object));
  return [...before].filter(([at, object]) => text(object) !== text(after.get(at))).map(([at]) => at);
}
