import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { TENANT_NAMESPACE } from '../../src/model/tenant-namespace';
import { defineComponent } from '../component';
import { addOnLabels } from '../labels';

export const component = defineComponent({
  name: 'suspension',
  summary: 'Ends the Pods of tenants that are suspended or on their way out; what they hold stays',
  providers: ['aws', 'eks', 'local'],

  declare: () => ({
    namespace: { sharedWith: 'kyverno' },
    workloads: {},
    needs: ['policies.kyverno.io/DeletingPolicy'],
    priorityClass: 'platform-standard',
  }),

  resources(scope, { name }) {
    const labels = addOnLabels(name);
    // Their quota refuses new Pods, so that what is ended stays away; nothing else would end those that run.
    new ApiObject(scope, 'policy', {
      apiVersion: 'policies.kyverno.io/v1',
      kind: 'DeletingPolicy',
      metadata: { name: 'pods-of-stopped-tenants', labels },
      spec: {
        schedule: '* * * * *',
        matchConstraints: {
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['pods'], scope: 'Namespaced' },
          ],
          namespaceSelector: {
            matchExpressions: [
              { key: TENANT_NAMESPACE.tenant, operator: 'Exists' },
              { key: TENANT_NAMESPACE.stopped, operator: 'In', values: ['true'] },
            ],
          },
        },
      },
    });
    new k8s.KubeClusterRole(scope, 'cleanup', {
      metadata: {
        name: 'keelson:pods-of-stopped-tenants',
        labels: { ...labels, 'rbac.kyverno.io/aggregate-to-cleanup-controller': 'true' },
      },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch', 'delete'] }],
    });
  },
});
