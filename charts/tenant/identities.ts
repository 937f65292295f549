import { k8s } from 'cdk8s-plus-28';
import { tenantRoleArn } from '../../src/model/tenant-cloud';
import type { TenantFacet } from '../facet';
import { imagePullSecrets } from '../secret-stores';
import { tenantLabels } from '../labels';

/**
 * A ServiceAccount for each identity of the claim. On machines of the platform's own its annotation names the role, for
 * which the identity webhook hands out a token; EKS knows the role by the account, and an annotation would send Pods
 * another way. On this machine there is no cloud: the account is there, so that the same manifests run.
 */
export const facet: TenantFacet = {
  why: 'Workloads act in the cloud as roles that hold exactly the permissions that the claim asks for',
  each: 'environment',
  render(scope, tenant, environment, cluster) {
    const pull = imagePullSecrets(tenant, cluster);
    for (const { name, role } of environment.identities) {
      new k8s.KubeServiceAccount(scope, name, {
        metadata: {
          name,
          namespace: environment.namespace,
          labels: tenantLabels(tenant, environment),
          ...(cluster.provider === 'aws'
            ? { annotations: { 'eks.amazonaws.com/role-arn': tenantRoleArn(cluster, role) } }
            : {}),
        },
        automountServiceAccountToken: false,
        ...(pull ? { imagePullSecrets: pull } : {}),
      });
    }
  },
};
