import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../src/engines';
import { copyPlatform } from './support/platform-copy';

/** A user who has no rights on any machine. */
const NOBODY = 65_534;
/** What a local cluster does not run. */
const NOT_NEEDED = /\/(argocd|helm|kubelet|promtool|kube-bench|containerd|runc|ctr)[^/]*$|-1\.35\./;
const run = promisify(execFile);

/** Only root can be somebody else; whoever is not root shows it by every other test. */
const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot(
  'an ordinary user brings a cluster up and takes it down',
  async () => {
    const cache = await mkdtemp(path.join(tmpdir(), 'keelson-cache-'));
    await cp(cacheDirectory(), cache, { recursive: true, filter: (source) => !NOT_NEEDED.test(source) });
    await run('chown', ['-R', `${NOBODY}:${NOBODY}`, cache]);
    const environment = { KEELSON_CACHE: cache, HOME: cache };
    const copy = await copyPlatform({ addresses: '127.45.0.0/24', user: NOBODY, environment });
    try {
      expect(await copy.keelson('up')).toMatchObject({ code: 0, stderr: '' });
      expect(await copy.keelson('cluster', 'status')).toMatchObject({ code: 0 });
      const owners = await Promise.all(copy.processes().map(async ({ pid }) => (await stat(`/proc/${pid}`)).uid));
      expect(owners.length).toBeGreaterThan(6);
      expect(new Set(owners)).toEqual(new Set([NOBODY]));
      expect(await copy.keelson('down', '--yes')).toMatchObject({ code: 0 });
      expect(copy.processes()).toEqual([]);
    } finally {
      await copy.remove();
      await rm(cache, { recursive: true, force: true });
    }
  },
  600_000,
);
