import type { k8s } from 'cdk8s-plus-28';

export const READ = ['get', 'list', 'watch'];

/** What everybody in a team sees, by API group: its workloads and what is known of them, and what bounds them. */
const SEEN: Readonly<Record<string, readonly string[]>> = {
  '': [
    'configmaps',
    'endpoints',
    'events',
    'limitranges',
    'persistentvolumeclaims',
    'pods',
    'pods/log',
    'resourcequotas',
    'serviceaccounts',
    'services',
  ],
  apps: ['controllerrevisions', 'daemonsets', 'deployments', 'replicasets', 'statefulsets'],
  autoscaling: ['horizontalpodautoscalers'],
  batch: ['cronjobs', 'jobs'],
  'cilium.io': ['ciliumnetworkpolicies'],
  'discovery.k8s.io': ['endpointslices'],
  'events.k8s.io': ['events'],
  'external-secrets.io': ['externalsecrets', 'secretstores'],
  'gateway.networking.k8s.io': ['httproutes', 'referencegrants'],
  'keda.sh': ['scaledjobs', 'scaledobjects', 'triggerauthentications'],
  'metrics.k8s.io': ['pods'],
  'monitoring.coreos.com': ['podmonitors', 'prometheusrules', 'servicemonitors'],
  'networking.k8s.io': ['networkpolicies'],
  'platform.keelson.dev': ['databases'],
  policy: ['poddisruptionbudgets'],
  'postgresql.cnpg.io': ['backups', 'clusters', 'scheduledbackups'],
  'rbac.authorization.k8s.io': ['rolebindings', 'roles'],
  'security.istio.io': ['authorizationpolicies', 'peerauthentications'],
};

/** The rules of whoever reads all of a namespace but secrets, and the namespace's own labels and annotations. */
export const VIEWER: readonly k8s.PolicyRule[] = [
  { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
  ...Object.entries(SEEN).map(([group, resources]) => ({ apiGroups: [group], resources: [...resources], verbs: READ })),
];
