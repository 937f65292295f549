import type { Right, Who } from './tenant-people';

const READS = ['get', 'list', 'watch'];
const WRITES = ['create', 'update', 'patch', 'delete'];
const of = (verbs: readonly string[], targets: readonly string[]): readonly Right[] =>
  targets.flatMap((target) => verbs.map((verb) => `${verb} ${target}`));

/** What a team brings itself, as people and robot write it. */
const OWN = [
  '/configmaps',
  '/persistentvolumeclaims',
  '/pods',
  '/services',
  'apps/deployments',
  'apps/statefulsets',
  'autoscaling/horizontalpodautoscalers',
  'batch/cronjobs',
  'batch/jobs',
  'gateway.networking.k8s.io/httproutes',
  'keda.sh/scaledjobs',
  'keda.sh/scaledobjects',
  'keda.sh/triggerauthentications',
  'networking.k8s.io/networkpolicies',
  'policy/poddisruptionbudgets',
];
/** What lets Pods be somebody, and Secrets come. */
const OWN_OF_ADMINS = ['/serviceaccounts', 'external-secrets.io/externalsecrets'];
const SECRETS = of([...READS, ...WRITES], ['/secrets']);
const INTO_PODS = [
  'create /pods/exec',
  'create /pods/attach',
  'create /pods/portforward',
  'patch /pods/ephemeralcontainers',
];

const READABLE = of(READS, [
  ...OWN,
  ...OWN_OF_ADMINS,
  '/endpoints',
  '/events',
  '/limitranges',
  '/resourcequotas',
  'apps/replicasets',
  'cilium.io/ciliumnetworkpolicies',
  'discovery.k8s.io/endpointslices',
  'platform.keelson.dev/databases',
  'rbac.authorization.k8s.io/rolebindings',
  'rbac.authorization.k8s.io/roles',
]).concat('get /pods/log', 'get /namespaces');

const PLATFORMS = [
  '/namespaces',
  '/resourcequotas',
  '/limitranges',
  '/endpoints',
  '/replicationcontrollers',
  '/nodes',
  '/persistentvolumes',
  'admissionregistration.k8s.io/validatingadmissionpolicies',
  'admissionregistration.k8s.io/validatingadmissionpolicybindings',
  'apiextensions.k8s.io/customresourcedefinitions',
  'apps/daemonsets',
  'argoproj.io/applications',
  'argoproj.io/appprojects',
  'argoproj.io/applicationsets',
  'certificates.k8s.io/certificatesigningrequests',
  'cilium.io/ciliumclusterwidenetworkpolicies',
  'cilium.io/ciliumnetworkpolicies',
  'discovery.k8s.io/endpointslices',
  'external-secrets.io/clustersecretstores',
  'external-secrets.io/secretstores',
  'gateway.networking.k8s.io/gateways',
  'gateway.networking.k8s.io/referencegrants',
  'kyverno.io/policyexceptions',
  'monitoring.coreos.com/prometheusrules',
  'monitoring.coreos.com/servicemonitors',
  'networking.istio.io/envoyfilters',
  'networking.k8s.io/ingresses',
  'platform.keelson.dev/databases',
  'rbac.authorization.k8s.io/clusterrolebindings',
  'rbac.authorization.k8s.io/clusterroles',
  'rbac.authorization.k8s.io/rolebindings',
  'rbac.authorization.k8s.io/roles',
  'scheduling.k8s.io/priorityclasses',
  'security.istio.io/authorizationpolicies',
  'storage.k8s.io/storageclasses',
];

/** What nobody of a tenant may do, wherever they are. */
const NEVER = [
  ...of([...WRITES, 'deletecollection', '*'], PLATFORMS),
  ...of(['create'], ['/serviceaccounts/token', '/pods/proxy', '/services/proxy', '/nodes/proxy', '/pods/binding']),
  ...of(['get'], ['/pods/proxy', '/services/proxy', '/nodes/proxy', '/nodes', '/persistentvolumes']),
  ...of(['patch', 'update'], ['/pods/status', '/namespaces/finalize', '/resourcequotas/status']),
  ...of(['impersonate'], ['/users', '/groups', '/serviceaccounts', 'authentication.k8s.io/userextras']),
  ...of(['bind', 'escalate'], ['rbac.authorization.k8s.io/roles', 'rbac.authorization.k8s.io/clusterroles']),
  ...of(['approve', 'sign'], ['certificates.k8s.io/signers']),
  ...of(['deletecollection'], [...OWN, '/secrets']),
  ...of(['*'], ['*/*', '/*', 'apps/*', '/pods', '/secrets']),
];

/** Every right that is asked about. */
export const ASKED: readonly Right[] = [
  ...new Set([
    ...READABLE,
    ...of([...READS, ...WRITES], [...OWN, ...OWN_OF_ADMINS]),
    ...SECRETS,
    ...INTO_PODS,
    ...NEVER,
  ]),
];

const NOTHING: ReadonlySet<Right> = new Set();
const VIEW = new Set(READABLE);
const WORK = new Set([...READABLE, ...of(WRITES, OWN), ...INTO_PODS]);
const ROBOT = new Set(of([...READS, ...WRITES], [...OWN, ...OWN_OF_ADMINS]));

/** What each may do in a namespace, said apart from the Roles: all else they may not. */
export function rightsOf(who: Who, namespace: string): ReadonlySet<Right> {
  switch (namespace) {
    case 'shop-live':
      if (who === 'viewer' || who === 'developer' || who === 'admin') return VIEW;
      return who === 'robot' ? ROBOT : NOTHING;
    case 'shop-sandbox':
      if (who === 'viewer') return VIEW;
      if (who === 'developer') return WORK;
      if (who === 'admin') return new Set([...WORK, ...of(WRITES, OWN_OF_ADMINS), ...SECRETS]);
      return who === 'sandboxRobot' ? ROBOT : NOTHING;
    case 'wiki-sandbox':
      if (who === 'stranger') return WORK;
      return who === 'strangeRobot' ? ROBOT : NOTHING;
    default:
      return NOTHING;
  }
}
