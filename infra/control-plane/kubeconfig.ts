import { toYaml } from './yaml';

/** What a kubeconfig says. Certificates and keys are named by path: it holds no secret itself. */
export interface KubeconfigProps {
  readonly cluster: string;
  /** URL of the API server. */
  readonly server: string;
  readonly user: string;
  /** Paths on the host. */
  readonly trust: string;
  readonly certificate: string;
  readonly key: string;
}

/** A kubeconfig with one cluster, one user and the context of both. */
export function kubeconfig({ cluster, server, user, trust, certificate, key }: KubeconfigProps): string {
  return toYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster, cluster: { server, 'certificate-authority': trust } }],
    users: [{ name: user, user: { 'client-certificate': certificate, 'client-key': key } }],
    contexts: [{ name: `${user}@${cluster}`, context: { cluster, user } }],
    'current-context': `${user}@${cluster}`,
  });
}
