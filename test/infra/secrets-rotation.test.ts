import { createSign, createVerify } from 'node:crypto';
import { load } from 'js-yaml';
import type { Host, Material } from '../../infra/control-plane/host';
import { hostCertificate, type PkiPlan } from '../../infra/control-plane/pki';
import { FolderStore } from '../../infra/secrets/folder-store';
import { pkiDrift } from '../../infra/secrets/inspect';
import { ensurePki } from '../../infra/secrets/issue';
import {
  advanceRotation,
  confirmRollOut,
  rotate,
  RotationBlockedError,
  rotationStatus,
} from '../../infra/secrets/rotation';
import { rollOutOf, rotationSteps, type Need } from '../../infra/secrets/rotation-steps';
import { readState, type RotationKind } from '../../infra/secrets/state';
import type { SecretStore } from '../../infra/secrets/store';
import { after, filledStore, handshake, localPlan, NOW, textOf } from '../support/secrets';

jest.setTimeout(240_000);

const plan = localPlan();
const KINDS: readonly RotationKind[] = [
  'leaves',
  'root',
  'etcd',
  'etcd-peer',
  'kubernetes',
  'kubelet',
  'front-proxy',
  'service-account-keys',
  'encryption-key',
];
const CONFIRMED: readonly Need['name'][] = [
  'clients-updated',
  'issuer-published',
  'kubelets-renewed',
  'secrets-rewritten',
  'tokens-expired',
];

/** Every file that a control plane has, as materials. */
const MATERIALS: readonly Material[] = [
  ...plan.certificates.flatMap(({ name }): Material[] => [
    { kind: 'certificate', certificate: name },
    { kind: 'key', certificate: name },
  ]),
  { kind: 'trust', authorities: ['etcd'] },
  { kind: 'trust', authorities: ['etcd-peer'] },
  { kind: 'trust', authorities: ['kubernetes'] },
  { kind: 'trust', authorities: ['kubernetes', 'kubelet'] },
  { kind: 'trust', authorities: ['kubelet'] },
  { kind: 'trust', authorities: ['front-proxy'] },
  { kind: 'authority-certificate', authority: 'kubelet' },
  { kind: 'authority-key', authority: 'kubelet' },
  { kind: 'service-account-signing-key' },
  { kind: 'service-account-verification-keys' },
  { kind: 'encryption-configuration' },
];

/** What all files hold at one moment: what a host has that was brought up to date then. */
type Files = ReadonlyMap<string, string>;
const nameOf = (material: Material) => JSON.stringify(material);
async function filesOf(store: SecretStore): Promise<Files> {
  const texts = MATERIALS.map(async (one) => [nameOf(one), await textOf(store, one)] as const);
  return new Map(await Promise.all(texts));
}
const differing = (a: Files, b: Files) => [...a.keys()].filter((name) => a.get(name) !== b.get(name)).sort();
const leaf = (files: Files, component: Parameters<typeof hostCertificate>[1]) => {
  const certificate = hostCertificate('control-plane-1', component);
  return {
    certificate: files.get(nameOf({ kind: 'certificate', certificate }))!,
    key: files.get(nameOf({ kind: 'key', certificate }))!,
  };
};
const trust = (files: Files, ...authorities: Extract<Material, { kind: 'trust' }>['authorities'][number][]) =>
  files.get(nameOf({ kind: 'trust', authorities }))!;
const encryptionKeys = (files: Files) => {
  const text = files.get(nameOf({ kind: 'encryption-configuration' }))!;
  const { resources } = load(text) as { resources: { providers: Record<string, { keys: { name: string }[] }>[] }[] };
  const [provider, ...others] = resources[0]!.providers;
  expect([Object.keys(provider!), others]).toEqual([['secretbox'], []]);
  return provider!.secretbox!.keys.map(({ name }) => name);
};

/** All that two hosts of a control plane ask of each other: what the one has must do for the other. */
async function refusals(one: Files, other: Files): Promise<readonly string[]> {
  const calls = await Promise.all([
    handshake(
      { ...leaf(one, 'etcd-server'), trust: trust(one, 'etcd') },
      { ...leaf(other, 'apiserver-etcd-client'), trust: trust(other, 'etcd') },
      'control-plane-1',
    ),
    handshake(
      { ...leaf(one, 'etcd-server'), trust: trust(one, 'etcd') },
      { ...leaf(other, 'etcd-operator'), trust: trust(other, 'etcd') },
    ),
    handshake(
      { ...leaf(one, 'etcd-peer'), trust: trust(one, 'etcd-peer') },
      { ...leaf(other, 'etcd-peer'), trust: trust(other, 'etcd-peer') },
      'control-plane-1',
    ),
    ...(['controller-manager', 'scheduler', 'apiserver-kubelet-client'] as const).map((client) =>
      handshake(
        { ...leaf(one, 'apiserver'), trust: trust(one, 'kubernetes', 'kubelet') },
        { ...leaf(other, client), trust: trust(other, 'kubernetes') },
      ),
    ),
    handshake(
      { ...leaf(one, 'apiserver'), trust: trust(one, 'front-proxy') },
      { ...leaf(other, 'front-proxy-client'), trust: trust(other, 'kubernetes') },
    ),
  ]);
  const token = createSign('RSA-SHA256').update('token');
  const signature = token.sign(one.get(nameOf({ kind: 'service-account-signing-key' }))!);
  const keys = other.get(nameOf({ kind: 'service-account-verification-keys' }))!.match(/-----BEGIN[^]+?-----END.*\n/g)!;
  const verified = keys.some((key) => createVerify('RSA-SHA256').update('token').verify(key, signature));
  const reads = encryptionKeys(other).includes(encryptionKeys(one)[0]!);
  return [
    ...calls.filter((answer) => answer !== 'ok'),
    ...(verified ? [] : ['a token is refused']),
    ...(reads ? [] : ['a Secret cannot be read']),
  ];
}

/** Rotates to the end and gives the files at every stage, the first before anything was done. */
async function stagesOf(kind: RotationKind, store: SecretStore, thePlan: PkiPlan = plan): Promise<Files[]> {
  const stages = [await filesOf(store)];
  do {
    await advanceRotation(kind, thePlan, store, after(1), CONFIRMED);
    stages.push(await filesOf(store));
  } while (await confirmRollOut(store, after(1)));
  return stages;
}

describe.each(KINDS)('a rotation of %s', (kind) => {
  test('leaves hosts of before and after every step acceptable to each other, and changes what it says', async () => {
    const store = await filledStore();
    const stages = await stagesOf(kind, store);
    const steps = rotationSteps(kind);
    expect(stages).toHaveLength(steps.length + 1);
    for (const [index, step] of steps.entries()) {
      const [before, now] = [stages[index]!, stages[index + 1]!];
      const pairs = [[before, now] as const, [now, before] as const, [now, now] as const];
      for (const [one, other] of pairs) expect([step.name, await refusals(one, other)]).toEqual([step.name, []]);
      const said = MATERIALS.filter((material) => step.changes(material, plan)).map(nameOf);
      expect([step.name, differing(before, now)]).toEqual([step.name, said.sort()]);
    }
    // Nothing of what was rotated stays, and a second rotation goes as well.
    expect(await rotationStatus(store)).toBeUndefined();
    expect(await pkiDrift(plan, store, after(1))).toEqual([]);
    if (kind !== 'etcd' && kind !== 'root') return;
    const again = await stagesOf(kind, store);
    expect(await refusals(again.at(-1)!, again.at(-1)!)).toEqual([]);
  });
});

test('the check of the above tells hosts that skipped a step', async () => {
  const told = async (kind: RotationKind) => {
    const stages = await stagesOf(kind, await filledStore());
    return refusals(stages[0]!, stages.at(-1)!);
  };
  expect(await told('etcd-peer')).toHaveLength(1);
  expect(await told('kubernetes')).not.toEqual([]);
  expect(await told('front-proxy')).toHaveLength(1);
  expect(await told('service-account-keys')).toEqual(['a token is refused']);
  expect(await told('encryption-key')).toEqual(['a Secret cannot be read']);
  // It changes nothing that others look at.
  expect(await told('root')).toEqual([]);
});

test('after a rotation the old is refused, and the old keys are gone from the store', async () => {
  const store = await filledStore();
  const stages = await stagesOf('etcd', store);
  const [first, last] = [stages[0]!, stages.at(-1)!];
  expect(
    await handshake(
      { ...leaf(last, 'etcd-server'), trust: trust(last, 'etcd') },
      { ...leaf(first, 'apiserver-etcd-client'), trust: trust(last, 'etcd') },
    ),
  ).toMatch(/^server: /);
  await stagesOf('service-account-keys', store);
  await stagesOf('encryption-key', store);
  await stagesOf('root', store);
  const keys = (await store.list()).filter((name) => /^(authorities|service|encryption)/.test(name));
  expect(keys).toEqual([
    ...['etcd-peer/2', 'etcd/3', 'front-proxy/2', 'kubelet/2', 'kubernetes/2', 'root/2'].flatMap((name) => [
      `authorities/${name}.crt`,
      `authorities/${name}.key`,
      ...(name === 'kubernetes/2' ? [`authorities/${name}.self-signed.crt`] : []),
    ]),
    'encryption/2.key',
    'service-accounts/2.key',
  ]);
});

test('the order of encryption keys: the first writes', async () => {
  const stages = await stagesOf('encryption-key', await filledStore());
  expect(stages.map(encryptionKeys)).toEqual([['key-1'], ['key-1', 'key-2'], ['key-2', 'key-1'], ['key-2']]);
});

describe('needs', () => {
  /** Which need stops the rotation at which step, `confirmed` at none. */
  async function blocks(kind: RotationKind): Promise<readonly string[]> {
    const store = await filledStore();
    const seen: string[] = [];
    for (const step of rotationSteps(kind)) {
      const attempt = () => advanceRotation(kind, plan, store, after(1), []);
      const blocked = await attempt().then(
        () => undefined,
        (error: unknown) => error as RotationBlockedError,
      );
      if (blocked) {
        expect(blocked).toBeInstanceOf(RotationBlockedError);
        expect(blocked.message).toContain(blocked.need!.text);
        seen.push(`${step.name}: ${blocked.need!.name}`);
        await advanceRotation(kind, plan, store, after(1), [blocked.need!.name]);
      }
      await confirmRollOut(store, after(1));
    }
    return seen;
  }

  test('stop a step that would cut somebody off', async () => {
    expect(await blocks('encryption-key')).toEqual(['drop: secrets-rewritten']);
    expect(await blocks('service-account-keys')).toEqual(['use: issuer-published', 'drop: tokens-expired']);
    expect(await blocks('kubernetes')).toEqual(['use: clients-updated']);
    expect(await blocks('kubelet')).toEqual(['drop: kubelets-renewed']);
    expect(await blocks('etcd')).toEqual([]);
  });

  test('tokens run out by themselves, a day after the roll-out; that Secrets were rewritten is never assumed', async () => {
    const store = await filledStore();
    for (const confirmed of [[], ['issuer-published']] as const) {
      await advanceRotation('service-account-keys', plan, store, after(1), confirmed);
      await confirmRollOut(store, after(2));
    }
    await expect(advanceRotation('service-account-keys', plan, store, after(2.99))).rejects.toThrow(
      `by itself on ${after(3).toISOString()}`,
    );
    expect((await advanceRotation('service-account-keys', plan, store, after(3.01))).step.name).toBe('drop');
    await confirmRollOut(store, after(4));
    for (let step = 0; step < 2; step += 1) {
      await advanceRotation('encryption-key', plan, store, after(4));
      await confirmRollOut(store, after(4));
    }
    await expect(advanceRotation('encryption-key', plan, store, after(20))).rejects.toThrow('secrets-rewritten');
  });
});

describe('a rotation that was interrupted', () => {
  test('does its step again until that is rolled out, and lets no other begin', async () => {
    const store = await filledStore();
    await advanceRotation('etcd', plan, store, after(1));
    const files = await filesOf(store);
    expect(await rotationStatus(store)).toMatchObject({ kind: 'etcd', step: { name: 'add' }, rolledOut: false });
    const again = await advanceRotation('etcd', plan, store, after(2));
    expect([again.number, again.of, again.step.name]).toEqual([1, 3, 'add']);
    expect(differing(files, await filesOf(store))).toEqual([]);
    await expect(advanceRotation('root', plan, store, after(2))).rejects.toThrow(
      'a rotation of etcd has not ended: end it before one of root',
    );
    await confirmRollOut(store, after(2));
    expect(await rotationStatus(store)).toMatchObject({ rolledOut: true, next: { name: 'use' } });
  });

  const representative: readonly RotationKind[] = ['leaves', 'root', 'etcd', 'encryption-key'];
  test.each(representative)('%s: killed at any write, it goes on and ends', async (kind) => {
    const hooks = { now: () => after(1), rollOut: async () => {}, satisfy: async () => true };
    for (let writes = 0; ; writes += 1) {
      const store = await filledStore();
      const before = await filesOf(store);
      let left = writes;
      const dying: FolderStore = Object.create(store, {
        write: {
          value: async (name: string, text: string) => {
            if (left === 0) throw new Error('killed');
            left -= 1;
            await FolderStore.prototype.write.call(dying, name, text);
          },
        },
      }) as FolderStore;
      const died = await rotate(kind, plan, dying, hooks).then(
        () => false,
        (error: Error) => {
          if (error.message !== 'killed') throw error;
          return true;
        },
      );
      // Whatever lies there now still works, also beside hosts that have nothing of it.
      await ensurePki(plan, store, after(1));
      const unfinished = await rotationStatus(store);
      if (writes % 7 === 0 && unfinished?.step.name === 'add') {
        expect(await refusals(before, await filesOf(store))).toEqual([]);
      }
      if (!died) break;
      const state = await readState(store);
      if (unfinished || kind !== 'leaves' || !state?.renewBefore) await rotate(kind, plan, store, hooks);
      expect(await rotationStatus(store)).toBeUndefined();
      expect(await pkiDrift(plan, store, after(1))).toEqual([]);
      const now = await filesOf(store);
      expect(await refusals(now, now)).toEqual([]);
      expect(differing(before, now).length).toBeGreaterThan(0);
      // Every write has its turn while there are few; of many, a few.
      if (writes > 2) writes *= 2;
    }
  });

  test('asks for what it needs before the step, once, and brings every step to the hosts', async () => {
    const store = await filledStore();
    const log: string[] = [];
    await rotate('service-account-keys', plan, store, {
      now: () => after(1),
      rollOut: async ({ step, number, of }) => void log.push(`${number}/${of} ${step.name}`),
      satisfy: async ({ name }) => {
        log.push(name);
        return true;
      },
    });
    expect(log).toEqual(['1/3 add', 'issuer-published', '2/3 use', 'tokens-expired', '3/3 drop']);
  });
});

test('a roll-out names the files of each host and the units that read them at start only', () => {
  const certificate = hostCertificate('control-plane-1', 'apiserver-etcd-client');
  const file = (path: string, content: Material | string) => ({ path, mode: '0600', owner: 'root', content }) as const;
  const unit = (name: string, ...restartOn: string[]) => ({
    name,
    description: '',
    program: name,
    flags: [],
    user: 'root' as const,
    after: [],
    restartOn,
    writes: [],
  });
  const host: Host = {
    name: 'control-plane-1',
    role: 'control-plane',
    address: '127.20.0.11',
    directories: [],
    files: [
      file('/etcd/ca.crt', { kind: 'trust', authorities: ['etcd'] }),
      file('/pki/apiserver-etcd-client.crt', { kind: 'certificate', certificate }),
      file('/pki/front-proxy-ca.crt', { kind: 'trust', authorities: ['front-proxy'] }),
      file('/audit.yaml', 'kind: Policy'),
    ],
    units: [unit('etcd', '/etcd/ca.crt'), unit('kube-apiserver', '/etcd/ca.crt', '/pki/apiserver-etcd-client.crt')],
  };
  const other: Host = {
    ...host,
    name: 'balancer',
    role: 'load-balancer',
    files: [file('/haproxy.cfg', '')],
    units: [],
  };
  const outs = rotationSteps('etcd').map((step) => rollOutOf(step, plan, [host, other]));
  const trustOut = { host: 'control-plane-1', files: ['/etcd/ca.crt'], units: ['etcd', 'kube-apiserver'] };
  expect(outs).toEqual([
    [trustOut],
    [{ host: 'control-plane-1', files: ['/pki/apiserver-etcd-client.crt'], units: ['kube-apiserver'] }],
    [trustOut],
  ]);
});

test('where a KMS encrypts there is no key to rotate, and it is said', async () => {
  const store = await filledStore();
  const { encryption: _, ...state } = JSON.parse((await store.read('state.json'))!.toString('utf8'));
  await store.exclusively(() => store.write('state.json', JSON.stringify(state)));
  const kms = { ...plan, encryptionKey: false };
  await expect(advanceRotation('encryption-key', kms, store, NOW)).rejects.toThrow(
    'a KMS encrypts, rotate its key there',
  );
  await expect(textOf(store, { kind: 'encryption-configuration' })).rejects.toThrow('holds no key for secrets at rest');
});
