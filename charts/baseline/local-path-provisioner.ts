import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { JsonObject } from '../component';
import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources } from '../hardening';

const NAME = 'local-path-provisioner';
const IMAGE = 'docker.io/rancher/local-path-provisioner:v0.0.34';
const HELPER_IMAGE = 'docker.io/library/busybox:1.37.0';
const PROVISIONER = 'rancher.io/local-path';
const USER = { runAsUser: 65532, runAsGroup: 65532 };
const CONFIG = { name: 'local-path-config', path: '/etc/config/' };

const LABELS = {
  provisioner: { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/component': 'provisioner' },
  helper: { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/component': 'helper' },
};

/** Where volumes lie on a node. */
const FOLDER = '/opt/local-path-provisioner';

/** The Pod that makes or removes one folder on one node; the provisioner adds the rest. */
const HELPER: JsonObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'helper', labels: LABELS.helper },
  spec: {
    automountServiceAccountToken: false,
    priorityClassName: 'system-node-critical',
    containers: [
      {
        name: 'helper',
        image: HELPER_IMAGE,
        resources: resources('10m', '32Mi'),
        // Root of its node's folder: files in it belong to whichever user the volume's Pod ran as.
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { add: ['DAC_OVERRIDE', 'FOWNER'], drop: ['ALL'] },
          readOnlyRootFilesystem: true,
          seccompProfile: { type: 'RuntimeDefault' },
        },
      },
    ],
  },
};

/** Its objects are written here, since the project's chart is in no chart repository. */
export const component = defineComponent({
  name: NAME,
  summary: 'Gives Pods of a local cluster folders of their node as volumes',
  providers: ['local'],

  declare: () => ({
    namespace: {
      name: NAME,
      level: 'privileged',
      reason: 'Short-lived helper Pods make and remove folders on the node, which takes a host path.',
    },
    workloads: {
      provisioner: { labels: LABELS.provisioner, reaches: [{ to: 'api-server' }] },
      helper: { labels: LABELS.helper },
    },
    priorityClass: 'system-cluster-critical',
    exceptions: [
      { what: 'two replicas and a disruption budget', reason: 'volumes of a local cluster may wait for one Pod' },
      {
        what: 'root of the helper',
        reason: 'it removes files of whichever user wrote them; it has no token or network',
      },
    ],
  }),

  resources(scope, { namespace }) {
    const metadata = { name: NAME, namespace };
    const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace }];
    new k8s.KubeStorageClass(scope, 'class', {
      metadata: { name: 'local-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: PROVISIONER,
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    new k8s.KubeServiceAccount(scope, 'account', { metadata });
    new k8s.KubeClusterRole(scope, 'cluster-role', {
      metadata: { name: NAME },
      rules: [
        {
          apiGroups: [''],
          resources: ['configmaps', 'nodes', 'persistentvolumeclaims', 'pods', 'pods/log'],
          verbs: ['get', 'list', 'watch'],
        },
        {
          apiGroups: [''],
          resources: ['persistentvolumes'],
          verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
        },
        { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
        { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get', 'list', 'watch'] },
      ],
    });
    new k8s.KubeClusterRoleBinding(scope, 'cluster-binding', {
      metadata: { name: NAME },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
      subjects,
    });
    new k8s.KubeRole(scope, 'role', {
      metadata,
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete', 'get', 'list', 'watch'] }],
    });
    new k8s.KubeRoleBinding(scope, 'binding', {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: NAME },
      subjects,
    });
    new k8s.KubeConfigMap(scope, 'config', {
      metadata: { name: CONFIG.name, namespace },
      data: {
        'config.json': text({ nodePathMap: [{ node: 'DEFAULT_PATH_FOR_NON_LISTED_NODES', paths: [FOLDER] }] }),
        'helperPod.yaml': text(HELPER),
        // Open to every user: a folder of the host is not handed to a Pod's group as other volumes are.
        setup: 'set -eu\nmkdir -p -m 0777 "$VOL_DIR"\n',
        teardown: 'set -eu\nrm -rf "$VOL_DIR"\n',
      },
    });
    new ApiObject(scope, 'deployment', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: LABELS.provisioner },
        template: {
          metadata: { labels: LABELS.provisioner },
          spec: {
            serviceAccountName: NAME,
            automountServiceAccountToken: true,
            priorityClassName: 'system-cluster-critical',
            securityContext: { ...RESTRICTED_POD, ...USER },
            containers: [
              {
                name: 'provisioner',
                image: IMAGE,
                command: ['local-path-provisioner', 'start'],
                args: [
                  `--config=${CONFIG.path}config.json`,
                  `--configmap-name=${CONFIG.name}`,
                  `--helper-image=${HELPER_IMAGE}`,
                  `--provisioner-name=${PROVISIONER}`,
                  `--service-account-name=${NAME}`,
                ],
                env: [
                  { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
                  { name: 'CONFIG_MOUNT_PATH', value: CONFIG.path },
                ],
                resources: resources('20m', '64Mi', { memory: '128Mi' }),
                securityContext: { ...RESTRICTED_CONTAINER, ...USER },
                volumeMounts: [{ name: 'config', mountPath: CONFIG.path, readOnly: true }],
              },
            ],
            volumes: [{ name: 'config', configMap: { name: CONFIG.name } }],
          },
        },
      },
    });
  },
});

/** JSON is YAML too. */
function text(value: JsonObject): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
