import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IntermediateName } from '../../infra/control-plane/pki';
import type { FolderStore } from '../../infra/secrets/folder-store';
import { pkiDrift } from '../../infra/secrets/inspect';
import { ensurePki } from '../../infra/secrets/issue';
import { advanceRotation } from '../../infra/secrets/rotation';
import { filledStore, freshFolder, localPlan, NOW, opensslVerify, textOf } from '../support/secrets';

const plan = localPlan();
const ENTRY = 'authorities/kubernetes/1.self-signed.crt';
let store: FolderStore;
beforeEach(async () => {
  store = await filledStore();
});

const selfSigned = (authority: IntermediateName) =>
  textOf(store, { kind: 'self-signed-trust', authorities: [authority] });
const drift = () => pkiDrift(plan, store, NOW);

/** Writes the trust file of a client that follows a chain to its end, as OpenSSL does by default. */
async function trustFile(): Promise<string> {
  const file = `${freshFolder()}.crt`;
  writeFileSync(file, await selfSigned('kubernetes'));
  return file;
}
const verify = (trust: string, leaf: string) =>
  opensslVerify(trust, join(store.place, 'certificates', `${leaf}.pem`), 'sslserver', 'whole-chain');

test('OpenSSL follows an API server’s chain to its end, and no certificate of another authority', async () => {
  const trust = await trustFile();
  for (const { name, authority, usages } of plan.certificates) {
    if (!usages.includes('server')) continue;
    expect([name, verify(trust, name) === 'OK']).toEqual([name, authority === 'kubernetes']);
  }
  // The intermediate, as the root signed it, is not enough: this is what the other form is for.
  expect(verify(join(store.place, 'authorities', 'kubernetes', '1.crt'), 'control-plane-1/apiserver')).toMatch(
    /issuer/,
  );
});

test('only the authority that is planned so has one', async () => {
  await expect(selfSigned('etcd')).rejects.toThrow(/etcd\/1\.self-signed\.crt is not there; run `pulumi up`/);
  const entries = (await store.list()).filter((name) => name.includes('self-signed'));
  expect(entries).toEqual([ENTRY]);
});

test.each<[string, () => Promise<void>, RegExp]>([
  ['missing', () => store.remove(ENTRY), /self-signed\.crt is missing/],
  ['damaged', () => store.write(ENTRY, 'rubbish'), /self-signed\.crt is not a whole certificate/],
  [
    'another authority’s',
    async () => store.write(ENTRY, (await store.read('authorities/kubelet/1.crt'))!),
    /self-signed\.crt is not of the authority that it stands beside/,
  ],
  [
    'the one that the root signed',
    async () => store.write(ENTRY, (await store.read('authorities/kubernetes/1.crt'))!),
    /self-signed\.crt is not of the authority that it stands beside/,
  ],
])('one that is %s is told, and made again without anything else', async (_, damage, told) => {
  await store.exclusively(damage);
  const others = await contents();
  expect(await drift()).toEqual([expect.stringMatching(told)]);
  const { certificates } = await ensurePki(plan, store, NOW);
  expect(certificates.every(({ change }) => change === 'kept')).toBe(true);
  expect(await contents()).toEqual(others);
  expect(await drift()).toEqual([]);
  expect(verify(await trustFile(), 'control-plane-1/apiserver')).toBe('OK');
});

test('while its authority is rotated, old and new are trusted', async () => {
  await advanceRotation('kubernetes', plan, store, NOW);
  const both = await selfSigned('kubernetes');
  expect(both.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(await drift()).toEqual([]);
  expect(verify(await trustFile(), 'control-plane-1/apiserver')).toBe('OK');
});

async function contents(): Promise<ReadonlyMap<string, string | undefined>> {
  const names = (await store.list()).filter((name) => name !== ENTRY);
  const read = names.map(async (name) => [name, (await store.read(name))?.toString('base64')] as const);
  return new Map(await Promise.all(read));
}
