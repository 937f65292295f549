import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { getEngine, type ApiServer } from '../../../src/engines';

/**
 * A kube-controller-manager that counts what quotas bound, and does nothing else: admission knows no quota before it is
 * counted. Gives what ends it.
 */
export async function startQuotaController(server: ApiServer): Promise<() => void> {
  const program = await getEngine('kube-controller-manager');
  const kubeconfig = path.join(server.directory, 'controllers.kubeconfig');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'test',
          cluster: { server: server.url, 'certificate-authority-data': Buffer.from(server.ca).toString('base64') },
        },
      ],
      users: [{ name: 'admin', user: { token: server.token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
      'current-context': 'test',
    }),
    { mode: 0o600 },
  );
  const flags = [
    `--kubeconfig=${kubeconfig}`,
    '--controllers=resourcequota-controller',
    '--leader-elect=false',
    '--secure-port=0',
  ];
  const child = spawn(program, flags, { stdio: 'ignore' });
  const stop = (): void => void child.kill('SIGTERM');
  process.once('exit', stop);
  return () => {
    process.removeListener('exit', stop);
    stop();
  };
}
