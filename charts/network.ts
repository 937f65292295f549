import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';

/** Denies all traffic of a namespace's Pods, both ways: what other policies allow is all that there is. */
export function addDefaultDeny(scope: Construct, namespace: string, labels: Record<string, string>): void {
  new k8s.KubeNetworkPolicy(scope, 'default-deny', {
    metadata: { name: 'default-deny', namespace, labels },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  });
}
