import { createHash } from 'node:crypto';
import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { BACKUPS_NAMESPACE } from '../../src/model/names';
import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources } from '../hardening';
import { bounds } from '../restore-check/bounds';
import { RESTORED } from '../restore-check/facts';
import { script } from '../restore-check/scripts';
import { IMAGE, MODIFIER, modifier, settings, USER } from '../restore-check/settings';

const NAME = 'restore-check';
const LABELS = { 'app.kubernetes.io/instance': NAME, 'app.kubernetes.io/name': NAME };
const PORT = 8080;
const CONFIGURATION = '/etc/restore-check';

export const component = defineComponent({
  name: NAME,
  summary: 'Restores backups of tenants to scratch, one after the other, and tells whether all came back and how soon',
  providers: ['aws', 'eks'],

  declare: () => ({
    namespace: { name: NAME, level: 'restricted' },
    workloads: { checker: { labels: LABELS, reaches: [{ to: 'api-server' }], scrape: [{ port: PORT }] } },
    needs: ['velero.io/Restore', 'cilium.io/CiliumNetworkPolicy'],
    priorityClass: 'platform-standard',
    exceptions: [
      {
        what: 'one copy',
        reason:
          'two would restore into one namespace; what it found is kept on the Restores, and read again at its start',
      },
    ],
  }),

  resources(scope, { cluster, namespace }) {
    const metadata = { name: NAME, namespace };
    const files = {
      'settings.json': `${JSON.stringify(settings(cluster.kubernetesVersion), null, 2)}\n`,
      'checker.mjs': script('checker'),
      'api.mjs': script('api'),
    };
    new k8s.KubeServiceAccount(scope, 'account', { metadata, automountServiceAccountToken: false });
    new k8s.KubeConfigMap(scope, 'configuration', { metadata, data: files });
    new k8s.KubeConfigMap(scope, 'modifier', {
      metadata: { name: MODIFIER, namespace: BACKUPS_NAMESPACE },
      // JSON is YAML too.
      data: { 'rules.yaml': `${JSON.stringify(modifier(), null, 2)}\n` },
    });
    addRights(scope, namespace);
    addBounds(scope, namespace);
    addDeployment(scope, namespace, createHash('sha256').update(JSON.stringify(files)).digest('hex'));
  },
});

function addRights(scope: Construct, namespace: string): void {
  const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace }];
  const rbac = 'rbac.authorization.k8s.io';
  new k8s.KubeClusterRole(scope, 'role', {
    metadata: { name: NAME },
    rules: [
      { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'create', 'delete'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'create', 'delete'] },
      { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
      { apiGroups: [''], resources: ['resourcequotas'], verbs: ['create'] },
      { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['create'] },
      { apiGroups: ['cilium.io'], resources: ['ciliumnetworkpolicies'], verbs: ['create'] },
      ...Object.entries(RESTORED).map(([group, kinds]) => ({
        apiGroups: [group],
        resources: [...kinds],
        verbs: ['list'],
      })),
    ],
  });
  new k8s.KubeClusterRoleBinding(scope, 'binding', {
    metadata: { name: NAME },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: NAME },
    subjects,
  });
  const beside = { name: NAME, namespace: BACKUPS_NAMESPACE };
  new k8s.KubeRole(scope, 'velero-role', {
    metadata: beside,
    rules: [
      { apiGroups: ['velero.io'], resources: ['backups', 'schedules'], verbs: ['list'] },
      { apiGroups: ['velero.io'], resources: ['restores'], verbs: ['get', 'list', 'create', 'patch'] },
    ],
  });
  new k8s.KubeRoleBinding(scope, 'velero-binding', {
    metadata: beside,
    roleRef: { apiGroup: rbac, kind: 'Role', name: NAME },
    subjects,
  });
}

function addBounds(scope: Construct, namespace: string): void {
  new ApiObject(scope, 'bounds', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: NAME },
    ...bounds(`system:serviceaccount:${namespace}:${NAME}`),
  });
  new ApiObject(scope, 'bounds-binding', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: NAME },
    spec: { policyName: NAME, validationActions: ['Deny', 'Audit'] },
  });
}

function addDeployment(scope: Construct, namespace: string, digest: string): void {
  new ApiObject(scope, 'deployment', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME, namespace },
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: LABELS },
      template: {
        // It reads its settings at start only.
        metadata: { labels: LABELS, annotations: { 'keelson.dev/configuration': digest } },
        spec: {
          serviceAccountName: NAME,
          automountServiceAccountToken: true,
          enableServiceLinks: false,
          priorityClassName: 'platform-standard',
          securityContext: { ...RESTRICTED_POD, ...USER },
          containers: [
            {
              name: 'checker',
              image: IMAGE,
              command: ['node', `${CONFIGURATION}/checker.mjs`, `${CONFIGURATION}/settings.json`],
              ports: [{ name: 'metrics', containerPort: PORT }],
              readinessProbe: { httpGet: { path: '/metrics', port: PORT } },
              resources: resources('20m', '192Mi'),
              securityContext: RESTRICTED_CONTAINER,
              volumeMounts: [{ name: 'configuration', mountPath: CONFIGURATION, readOnly: true }],
            },
          ],
          volumes: [{ name: 'configuration', configMap: { name: NAME } }],
        },
      },
    },
  });
}
