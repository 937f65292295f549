import { k8s } from 'cdk8s-plus-28';
import { toLabelValue } from '../../src/model/names';
import type { TenantEnvironment, TenantSlice } from '../../src/model/slices';
import { TENANT_NAMESPACE } from '../../src/model/tenant-namespace';
import type { TenantFacet } from '../facet';
import { podSecurity, tenantLabels } from '../labels';
import { identityAnnotations, imagePullSecrets } from '../secret-stores';
import { meshLabels } from '../mesh';

/** The namespace, at the strictest Pod Security level, and its default ServiceAccount, which carries no token. */
export const facet: TenantFacet = {
  each: 'environment',
  why: 'everything of an environment lives in it, at the strictest Pod Security level, and its labels tell guardrails whose it is',
  render(scope, tenant, environment, cluster) {
    const { namespace } = environment;
    new k8s.KubeNamespace(scope, 'namespace', {
      metadata: {
        name: namespace,
        labels: {
          // First, so that whatever the claim says the platform's word stands.
          ...tenant.labels,
          ...namespaceLabels(tenant, environment),
          ...podSecurity('restricted', cluster.kubernetesVersion),
          ...meshLabels(tenant, cluster),
        },
        annotations: {
          ...whoToAsk(tenant),
          ...forGuardrails(environment),
          ...identityAnnotations(tenant, environment, cluster),
          // The only word by which a published tree tells a tenant that may vanish from one that must not.
          ...(tenant.state === 'active' ? {} : { [TENANT_NAMESPACE.state]: tenant.state }),
          'keelson.dev/support': cluster.platform.contact,
          // What a tenant holds must outlive a mistake in the tree: Argo CD asks before it deletes a namespace.
          'argocd.argoproj.io/sync-options': 'Delete=confirm,Prune=confirm',
        },
      },
    });
    const pull = imagePullSecrets(tenant, cluster);
    new k8s.KubeServiceAccount(scope, 'default', {
      metadata: { name: 'default', namespace, labels: tenantLabels(tenant, environment) },
      automountServiceAccountToken: false,
      ...(pull ? { imagePullSecrets: pull } : {}),
    });
  },
};

/** What people, bills and guardrails select namespaces by. */
function namespaceLabels(tenant: TenantSlice, environment: TenantEnvironment): Record<string, string> {
  return {
    ...tenantLabels(tenant, environment),
    // A label takes fewer characters than a team's name; the name itself is an annotation.
    team: toLabelValue(tenant.owner.team) || tenant.name,
    'cost-centre': tenant.costCentre,
    'data-class': tenant.dataClass,
    [TENANT_NAMESPACE.tier]: String(tenant.tier),
    [TENANT_NAMESPACE.production]: String(environment.production),
    ...(tenant.state === 'active' ? {} : { [TENANT_NAMESPACE.stopped]: 'true' }),
    ...(environment.nodePool ? { [TENANT_NAMESPACE.nodePool]: environment.nodePool.name } : {}),
  };
}

/** Where a namespace comes from and whom to call: the claim by its name, since its file may be of either form. */
function whoToAsk({ name, owner }: TenantSlice): Record<string, string> {
  return {
    'keelson.dev/claim': name,
    'keelson.dev/owner': owner.email,
    'keelson.dev/team': owner.team,
    'keelson.dev/on-call': owner.onCall,
  };
}

/** What guardrails read beside the labels. */
function forGuardrails({ autoscaling, hosts }: TenantEnvironment): Record<string, string> {
  return {
    [TENANT_NAMESPACE.hosts]: [...new Set(hosts.map(({ host }) => host))].join(','),
    [TENANT_NAMESPACE.autoscalingMinimum]: String(autoscaling.minimum),
    [TENANT_NAMESPACE.autoscalingMaximum]: String(autoscaling.maximum),
  };
}
