import type { Component, Subject } from './component';
import { ownApiServer } from './component';
import { at, file, KUBERNETES, PKI } from './paths';
import { toYaml } from './yaml';

/**
 * The kubeconfig of whoever works on the host, at kubeadm's place. It holds no credential: people say who they are to
 * the platform's issuer there too (CIS 3.1.1), and whoever takes the host takes nobody's rights with it. Where the
 * issuer is down, emergency access is minted on request.
 */
export function administration(subject: Subject): Component {
  const { cluster, host } = subject;
  const { issuer, clientId } = cluster.platform.oidc;
  const content = toYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster.name,
        cluster: { server: ownApiServer(subject), 'certificate-authority': at(host, `${PKI}/ca.crt`) },
      },
    ],
    users: [
      {
        name: 'oidc',
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: 'kubectl-oidc_login',
            args: [
              'get-token',
              `--oidc-issuer-url=${issuer}`,
              `--oidc-client-id=${clientId}`,
              '--grant-type=device-code',
              '--token-cache-storage=none',
            ],
            interactiveMode: 'IfAvailable',
            installHint: 'install kubelogin: https://github.com/int128/kubelogin',
          },
        },
      },
    ],
    contexts: [{ name: cluster.name, context: { cluster: cluster.name, user: 'oidc' } }],
    'current-context': cluster.name,
  });
  return { directories: [], files: [file(host, `${KUBERNETES}/admin.conf`, content)], units: [] };
}
