import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { placeAt } from '../../infra/local/place';
import { FolderStore } from '../../infra/secrets/folder-store';
import { rotationStatus } from '../../infra/secrets/rotation';
import { askEtcd, certificatesOf, until, untilWell } from './support/drill';
import { ThreeHosts } from './support/three-hosts';

const MINUTES = 60_000;
/** What the stored form of an encrypted object begins with. Source: Kubernetes, "Encrypting Confidential Data at Rest". */
const ENCRYPTED = 'k8s:enc:secretbox:v1:';

/** The tests are steps of one story: each goes on where the one before it ended. */
describe('a local cluster of three hosts whose keys are replaced', () => {
  let three: ThreeHosts;

  beforeAll(async () => {
    three = await ThreeHosts.start('127.41.0');
  }, 20 * MINUTES);
  afterAll(() => three?.stop(), 5 * MINUTES);

  it.each(['leaves', 'etcd', 'etcd-peer', 'kubernetes', 'kubelet', 'front-proxy', 'root'])(
    'has certificates replaced while clients write: %s',
    async (kind) => {
      await three.drill(`rotate ${kind}`, async () => {
        const before = serials();
        const took = await three.command('cluster', 'rotate', 'local', kind);
        expect(serials()).not.toEqual(before);
        return { took };
      });
      await untilWell(three.copy);
    },
    15 * MINUTES,
  );

  it(
    'has the keys of tokens replaced, once whoever knows says that no old token is left',
    async () => {
      await three.drill('rotate service-account-keys', async () => {
        const rotate = (...more: readonly string[]) =>
          three.copy.keelson('cluster', 'rotate', 'local', 'service-account-keys', ...more);
        const blocked = await rotate();
        expect(blocked.code).toBe(2);
        expect(blocked.stderr).toContain('needed first (tokens-expired)');
        const rotated = await rotate('--confirm', 'tokens-expired');
        expect(rotated).toMatchObject({ code: 0 });
        return { took: `${(blocked.seconds + rotated.seconds).toFixed(1)} s` };
      });
    },
    15 * MINUTES,
  );

  it(
    'has the key of Secrets replaced, also when the rotation is killed midway',
    async () => {
      const client = three.copy.client();
      const secret = '/api/v1/namespaces/default/secrets/kept';
      const made = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'kept' }, stringData: { value: 'kept' } };
      expect(await client.request('POST', secret.replace('/kept', ''), made)).toMatchObject({ status: 201 });
      expect(await askEtcd(three.operated, 'get', '/registry/secrets/default/kept')).toContain(`${ENCRYPTED}key-1:`);
      await three.drill('rotate encryption-key, killed midway', async () => {
        const first = three.copy.start('cluster', 'rotate', 'local', 'encryption-key');
        const store = await FolderStore.open(placeAt(three.copy.place).secrets);
        await until('its second step', async () => (await rotationStatus(store))?.step.name === 'use');
        await sleep(2_000);
        first.kill();
        expect((await first.ended).code).toBe(137);
        const again = await three.copy.keelson('cluster', 'rotate', 'local', 'encryption-key');
        expect(again).toMatchObject({ code: 0 });
        return { took: `${((await first.ended).seconds + again.seconds).toFixed(1)} s` };
      });
      expect((await client.request('GET', secret)).body).toMatchObject({ data: { value: 'a2VwdA==' } });
      client.close();
      const stored = await askEtcd(three.operated, 'get', '--prefix', '/registry/secrets/');
      expect(stored).toContain(`${ENCRYPTED}key-2:`);
      expect(stored).not.toContain(`${ENCRYPTED}key-1:`);
    },
    15 * MINUTES,
  );

  /** What tells the certificates apart that the hosts hold now. */
  function serials(): readonly string[] {
    return certificatesOf(three.copy).map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'));
  }
});
