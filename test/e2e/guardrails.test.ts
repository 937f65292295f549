import { setTimeout as sleep } from 'node:timers/promises';
import type { Attempt } from '../support/guardrails';
import { attemptsOf, DEVELOPER, namespaceLabels } from '../support/guardrails';
import { probe, probeCluster, rendered } from '../support/probe-guardrail';
import { guardrailPlatform } from '../support/guardrail-platform';
import { objectsIn } from '../support/platforms';
import { startApiServer, type ApiAnswer, type ApiServer } from '../../src/engines';
import { addOnPath, guardrailPath } from '../../src/model/layout';
import { renderPlatform, type Rendering } from '../../src/render';
import { guardrails } from '../../src/render/product';
import { kinds } from '../../src/schemas';
import { Api, installCrds, kindOf, messageOf, type KubeObject } from './support/api';

/** How long the API server may take to enforce what it was given, in milliseconds: it looks every second. */
const ENFORCED_TIMEOUT = 60_000;

jest.setTimeout(10 * 60_000);

/** Those of the product, and one about containers of every sort. */
const product = [...guardrails()];
const all = [...product, [probe.name, probe] as const];
let server: ApiServer;
let api: Api;
let rendering: Rendering;

beforeAll(async () => {
  rendering = await renderPlatform({ root: guardrailPlatform(), cache: false });
  // Nobody makes the accounts that ServiceAccount admission waits for.
  server = await startApiServer({ flags: ['--disable-admission-plugins=ServiceAccount'] });
  const wanted = all
    .flatMap(([, { examples }]) => [...examples.pass, ...examples.fail])
    .flatMap(attemptsOf)
    .map(({ object }) => kindOf(object as KubeObject));
  const custom = new Set(
    kinds()
      .filter(({ builtIn }) => !builtIn)
      .map(kindOf),
  );
  await installCrds(server, new Set(wanted.filter((kind) => custom.has(kind))));
  api = await Api.of(server);
  // What examples name, and what a crossing names so that nothing else refuses it first.
  for (const addOn of ['gvisor', 'priority-classes']) {
    for (const object of objectsIn(rendering.tree, addOnPath('production', addOn, 'resources'))) {
      await accepted(api.apply(object as unknown as KubeObject));
    }
  }
  // Nothing but a guardrail refuses what anybody sends.
  await accepted(
    api.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'everything' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:authenticated' }],
    }),
  );
  await accepted(
    api.apply({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'runc' }, handler: 'runc' }),
  );
}, 30 * 60_000);

afterAll(() => server?.stop());

async function accepted(answer: Promise<ApiAnswer>): Promise<ApiAnswer> {
  const { status, body, ...rest } = await answer;
  if (status >= 300) throw new Error(`${status} ${messageOf(body)}`);
  return { status, body, ...rest };
}

let count = 0;

/** A namespace as an example wants it. */
async function namespaceFor({ request }: Attempt): Promise<string> {
  const name = `example-${count++}`;
  const { annotations, params } = request;
  await accepted(
    api.apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: namespaceLabels(request), ...(annotations ? { annotations } : {}) },
    } as KubeObject),
  );
  if (params) {
    await accepted(
      api.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'keelson', namespace: name }, data: params }),
    );
  }
  return name;
}

/** Sends the request as its user, who may do anything but what guardrails refuse. Nothing of it is stored. */
async function send(attempt: Attempt): Promise<ApiAnswer> {
  const namespace = await namespaceFor(attempt);
  const place = (object: Attempt['object']): KubeObject => {
    const { metadata, ...rest } = object;
    return { ...rest, metadata: { ...metadata, namespace } } as unknown as KubeObject;
  };
  const { operation, subresource, request } = attempt;
  const object = place(attempt.object);
  const path = api.path(object);
  // Each request has a namespace of its own, which examples call by one name.
  const user = (request.user ?? DEVELOPER).replace(':example:', `:${namespace}:`);
  const asUser = (method: string, target: string, body?: object) =>
    server.request(method, `${target}?dryRun=All&fieldValidation=Strict&fieldManager=example`, body, {
      'impersonate-user': user,
      ...(request.group === undefined ? {} : { 'impersonate-group': request.group }),
    });
  if (operation === 'CREATE') return asUser('POST', collectionOf(object), object);
  const stored = await store(operation === 'DELETE' ? object : place(attempt.old!));
  if (operation === 'DELETE') return asUser('DELETE', path);
  const merged = subresource === undefined ? over(stored, object) : withSpec(stored, object);
  const { resourceVersion } = stored.metadata;
  return asUser('PUT', subresource === undefined ? path : `${path}/${subresource}`, {
    ...merged,
    metadata: { ...merged.metadata, resourceVersion },
  });
}

function collectionOf(object: KubeObject): string {
  const path = api.path(object);
  return path.slice(0, path.lastIndexOf('/'));
}

/** What stands there before, written by an administrator. */
async function store(object: KubeObject): Promise<KubeObject> {
  const { body } = await accepted(server.request('POST', collectionOf(object), asNew(object)));
  return settle(object, body as KubeObject);
}

/** A Pod without its node, which only the scheduler gives it. */
function asNew(object: KubeObject): KubeObject {
  if (object.kind !== 'Pod') return object;
  const { nodeName: _node, ...spec } = object['spec'] as Record<string, unknown>;
  return { ...object, spec };
}

/** Binds a Pod to its node where it names one, as the scheduler does, and gives what is stored. */
async function settle(wanted: KubeObject, created: KubeObject): Promise<KubeObject> {
  const { nodeName } = (wanted['spec'] ?? {}) as { nodeName?: string };
  if (wanted.kind !== 'Pod' || nodeName === undefined) return created;
  const path = api.path(wanted);
  await accepted(
    server.request('POST', `${path}/binding`, {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: wanted.metadata.name, namespace: wanted.metadata.namespace },
      target: { kind: 'Node', name: nodeName },
    }),
  );
  return (await accepted(server.request('GET', path))).body as KubeObject;
}

/** What the example changes, over what is stored with all of its defaults. */
function over(stored: KubeObject, object: KubeObject): KubeObject {
  const metadata = { ...stored.metadata, ...object.metadata };
  if (object.kind !== 'Pod') return { ...object, metadata };
  // Little of a Pod may change: its defaults stay, and what admission added to it is not taken away.
  const spec = stored['spec'] as Record<string, unknown>;
  const { tolerations = [] } = object['spec'] as { tolerations?: object[] };
  return {
    ...stored,
    metadata,
    spec: { ...spec, tolerations: [...(spec['tolerations'] as object[]), ...tolerations] },
  };
}

function withSpec(stored: KubeObject, object: KubeObject): KubeObject {
  return { ...stored, spec: { ...(stored['spec'] as object), ...(object['spec'] as object) } };
}

/** Applies a guardrail and waits until it is enforced: until the first request that it must refuse is. */
async function enforce(name: string, first: Attempt): Promise<void> {
  const objects = guardrailObjects(name);
  expect(objects.length).toBeGreaterThan(1);
  for (const object of objects) await accepted(api.apply(object));
  await until(first, (answer) => answer !== 'let in', `${name} refuses nothing`);
}

/** Takes it away and waits until it is no longer enforced, so that it has no say in the tests of the next. */
async function release(name: string, first: Attempt): Promise<void> {
  for (const object of guardrailObjects(name)) await accepted(server.request('DELETE', api.path(object)));
  await until(first, (answer) => answer === 'let in', `${name} goes on refusing`);
}

async function until(attempt: Attempt, holds: (answer: string) => boolean, otherwise: string): Promise<void> {
  for (const deadline = Date.now() + ENFORCED_TIMEOUT; ; await sleep(300)) {
    if (holds(answerOf(await send(attempt)))) return;
    if (Date.now() > deadline) throw new Error(otherwise);
  }
}

function guardrailObjects(name: string): readonly KubeObject[] {
  const objects =
    name === probe.name ? rendered(probe, probeCluster) : objectsIn(rendering.tree, guardrailPath('production', name));
  return objects as unknown as KubeObject[];
}

test('The guardrails of every cluster are such as the API server takes: each expression compiles', async () => {
  const faults: string[] = [];
  let count = 0;
  for (const cluster of rendering.clusters) {
    for (const object of product.flatMap(([name]) => objectsIn(rendering.tree, guardrailPath(cluster, name)))) {
      const path = api.path(object as unknown as KubeObject);
      const target = path.slice(0, path.lastIndexOf('/'));
      const { status, body } = await server.request('POST', `${target}?dryRun=All&fieldValidation=Strict`, object);
      if (status >= 300) faults.push(`${cluster}: ${messageOf(body)}`);
      count++;
    }
  }
  expect(faults).toEqual([]);
  expect(count).toBeGreaterThan(2 * product.length * (rendering.clusters.length - 1));
});

describe.each(all)('%s, enforced by the API server', (name, { examples, mutation }) => {
  const failing = examples.fail.flatMap((example) =>
    attemptsOf(example).map((attempt) => [attempt.title, attempt, example.message] as const),
  );
  const passing = examples.pass.flatMap((example) =>
    attemptsOf(example).map((attempt) => [attempt.title, attempt, example.filled] as const),
  );

  test.each(failing)('without it, what %s would be let in', async (_title, attempt) => {
    expect(answerOf(await send(attempt))).toBe('let in');
  });

  describe('once it is there', () => {
    beforeAll(() => enforce(name, failing[0]![1]));
    afterAll(() => release(name, failing[0]![1]));

    test.each(failing)('refuses what %s', async (_title, attempt, message) => {
      const answer = answerOf(await send(attempt));
      expect(answer).toContain(`'keelson-${name}'`);
      expect(answer).toContain(message);
    });

    test.each(passing)('lets in what %s', async (_title, attempt, filled) => {
      const answer = await send(attempt);
      expect(answerOf(answer)).toBe('let in');
      if (filled) {
        expect(mutation).toBeDefined();
        expect(answer.body).toMatchObject(filled);
      }
    });
  });
});

function answerOf({ status, body }: ApiAnswer): string {
  return status < 300 ? 'let in' : messageOf(body);
}
