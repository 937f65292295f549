import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { ResolvedCluster } from '../src/model/slices';
import { FIRST_WAVE } from './argo-cd';
import { MANAGED, podSecurity } from './labels';
import { addDefaultDeny } from './network';

/**
 * A namespace of accounts that others act as. Nothing runs there and no Secret is kept: whoever could make either would
 * have the rights of every one of them, without an end.
 */
export function addAccountsNamespace(
  scope: Construct,
  namespace: string,
  cluster: ResolvedCluster,
  annotations: Readonly<Record<string, string>> = {},
): void {
  const labels = { ...MANAGED };
  new k8s.KubeNamespace(scope, 'namespace', {
    metadata: {
      name: namespace,
      labels: { ...labels, ...podSecurity('restricted', cluster.kubernetesVersion) },
      annotations: { ...FIRST_WAVE, ...annotations },
    },
  });
  new k8s.KubeResourceQuota(scope, 'nothing', {
    metadata: { name: 'nothing', namespace, labels, annotations: FIRST_WAVE },
    spec: {
      hard: Object.fromEntries(
        ['pods', 'secrets', 'services', 'persistentvolumeclaims'].map((what) => [what, k8s.Quantity.fromNumber(0)]),
      ),
    },
  });
  addDefaultDeny(scope, namespace, labels);
  new k8s.KubeServiceAccount(scope, 'default', {
    metadata: { name: 'default', namespace, labels },
    automountServiceAccountToken: false,
  });
}
