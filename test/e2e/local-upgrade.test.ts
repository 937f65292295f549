import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getEngine } from '../../src/engines';
import { copyPlatform, type PlatformCopy } from './support/platform-copy';

const OLD = '1.35.4';
const NEW = '1.36.3';
/** A version that nobody released: its programs say that they are it, and end at once. */
const BROKEN = '1.36.99';
const OF_KUBERNETES = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'];

/** The tests are steps of one story: each goes on where the one before it ended. */
describe('a local cluster of the minor version before', () => {
  const say = (message: string): void => void process.stderr.write(`${message}\n`);
  let platform: PlatformCopy;
  let broken: string;
  let hung = false;
  const step = (name: string, action: () => Promise<void>): void =>
    it(
      name,
      async () => {
        expect({ brokenBefore: hung }).toEqual({ brokenBefore: false });
        hung = true;
        await action();
        hung = false;
      },
      300_000,
    );

  beforeAll(async () => {
    for (const name of OF_KUBERNETES) {
      await getEngine(name as 'kubectl', { version: OLD });
      await getEngine(name as 'kubectl');
    }
    broken = await brokenPrograms();
    platform = await copyPlatform({
      addresses: '127.36.0.0/24',
      environment: { PATH: `${broken}:${process.env.PATH}` },
    });
    await platform.edit('platform.ts', (text) => text.replaceAll(NEW, OLD));
  }, 60 * 60_000);

  afterAll(async () => {
    await platform?.remove();
    await rm(broken, { recursive: true, force: true });
  }, 120_000);

  step('comes up with that version', async () => {
    const up = await platform.keelson('up', '--json');
    expect(up).toMatchObject({ code: 0, stderr: '' });
    expect(await versionOf(platform)).toBe(`v${OLD}`);
    const client = platform.client();
    const answer = await client.request('POST', '/api/v1/namespaces/default/secrets', secret('from-before'));
    client.close();
    expect(answer.status).toBe(201);
  });

  step('refuses to skip a minor version or to go back, and changes nothing', async () => {
    const skipped = await platform.keelson('cluster', 'upgrade', 'local', '--to', '1.37.0', '--yes');
    expect(skipped.code).toBe(1);
    expect(skipped.stderr).toContain(`${OLD} runs, and 1.37.0 is more than one minor version on: go by 1.36`);
    const back = await platform.keelson('cluster', 'upgrade', 'local', '--to', '1.34.0', '--yes');
    expect(back.code).toBe(1);
    expect(back.stderr).toContain(`${OLD} runs, and 1.34.0 is older: a snapshot goes back (keelson cluster restore)`);
    expect(await versionOf(platform)).toBe(`v${OLD}`);
  });

  step('shows the plan, and does nothing before it is told to', async () => {
    const plan = await platform.keelson('cluster', 'upgrade', 'local', '--to', NEW);
    expect(plan.code).toBe(0);
    expect(plan.stdout).toContain(`${OLD} → ${NEW}`);
    expect(plan.stdout).toContain('Nothing was changed');
    expect(await versionOf(platform)).toBe(`v${OLD}`);
  });

  step('goes back to the version before where the new one does not start, and loses nothing', async () => {
    const failed = await platform.keelson('cluster', 'upgrade', 'local', '--to', BROKEN, '--yes', '--json');
    expect(failed).toMatchObject({ code: 1, stderr: '' });
    const result = JSON.parse(failed.stdout) as { outcome: string; restored: boolean; reason: string };
    expect(result).toMatchObject({ outcome: 'rolled back', restored: false });
    expect(result.reason).toContain('kube-apiserver does not run, exit code 3');
    expect(await versionOf(platform)).toBe(`v${OLD}`);
    expect(await keys(platform)).toEqual(['from-before']);
    say(`upgrade that failed: rolled back in ${failed.seconds.toFixed(1)} s`);
  });

  step('upgrades, and keeps what was written', async () => {
    const upgraded = await platform.keelson('cluster', 'upgrade', 'local', '--to', NEW, '--yes', '--json');
    expect(upgraded).toMatchObject({ code: 0 });
    expect(JSON.parse(upgraded.stdout)).toMatchObject({ outcome: 'upgraded', restored: false });
    expect(await versionOf(platform)).toBe(`v${NEW}`);
    expect(await keys(platform)).toEqual(['from-before']);
    const status = await platform.keelson('cluster', 'status', 'local', '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({ kubernetesVersion: NEW, faults: [] });
    say(`upgrade ${OLD} to ${NEW}: ${upgraded.seconds.toFixed(1)} s, one host`);
  });

  /** Programs that are found by their version and cannot run. */
  async function brokenPrograms(): Promise<string> {
    const folder = await mkdtemp(path.join(tmpdir(), 'keelson-broken-'));
    for (const name of OF_KUBERNETES) {
      const file = path.join(folder, name);
      const script = `#!/bin/sh\ncase "$*" in *version*) [ $# -lt 3 ] && echo "Kubernetes v${BROKEN}" && exit 0;; esac\necho 'broken on purpose' >&2\nexit 3\n`;
      await writeFile(file, script);
      await chmod(file, 0o755);
    }
    return folder;
  }
});

async function versionOf(platform: PlatformCopy): Promise<string> {
  const client = platform.client();
  const { body } = await client.request('GET', '/version').finally(() => client.close());
  return (body as { gitVersion: string }).gitVersion;
}

/** Names of the Secrets that people made. */
async function keys(platform: PlatformCopy): Promise<string[]> {
  const client = platform.client();
  const { body } = await client.request('GET', '/api/v1/namespaces/default/secrets').finally(() => client.close());
  return (body as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);
}

function secret(name: string): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { is: 'still there' } };
}
