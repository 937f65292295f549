import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { getEngine, type ApiServer, type EngineOptions } from '../../../src/engines';

/** Kubernetes' own controllers that delete: whatever an object that goes takes along is gone when they have run. */
const CONTROLLERS = [
  'garbage-collector-controller',
  'namespace-controller',
  'persistentvolumeclaim-protection-controller',
];

/** Starts them beside an API server. The answer ends them. */
export async function startGarbageCollector(
  { url, ca, token, directory }: ApiServer,
  options: EngineOptions = {},
): Promise<() => Promise<void>> {
  const program = await getEngine('kube-controller-manager', options);
  const file = (name: string): string => path.join(directory, name);
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [
      { name: 'test', cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
    ],
    users: [{ name: 'test', user: { token } }],
  };
  await writeFile(file('controller-manager.json'), JSON.stringify(kubeconfig), { mode: 0o600 });
  const child = spawn(
    program,
    [
      `--kubeconfig=${file('controller-manager.json')}`,
      `--controllers=${CONTROLLERS.join(',')}`,
      '--leader-elect=false',
      // It serves nobody here.
      '--secure-port=0',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  child.stderr.pipe(createWriteStream(file('controller-manager.log')));
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  return async () => {
    process.off('exit', kill);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
}
