/**
 * Kinds that a team may bring from its repositories, by API group: each with its plural, as Roles name it. Whatever is
 * not here is refused twice, by the team's project and by the Role of its delivery robot, because somebody acts on it
 * with rights that the team has not:
 * - Secret: nothing secret stands in git, and one of type `service-account-token` would mint a token for any account;
 * - SecretStore: one without credentials of its own reads with those of External Secrets;
 * - Database and other kinds of Crossplane: they order from the platform's account, so they come by claim;
 * - monitors and rules: Prometheus would scrape and judge what they say;
 * - Role, RoleBinding: rights come by claim; CiliumNetworkPolicy: it names what is outside of the namespace.
 */
export const TENANT_KINDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '': {
    ConfigMap: 'configmaps',
    PersistentVolumeClaim: 'persistentvolumeclaims',
    Pod: 'pods',
    Service: 'services',
    ServiceAccount: 'serviceaccounts',
  },
  apps: { Deployment: 'deployments', StatefulSet: 'statefulsets' },
  autoscaling: { HorizontalPodAutoscaler: 'horizontalpodautoscalers' },
  batch: { CronJob: 'cronjobs', Job: 'jobs' },
  'external-secrets.io': { ExternalSecret: 'externalsecrets' },
  'gateway.networking.k8s.io': { HTTPRoute: 'httproutes' },
  'keda.sh': {
    ScaledJob: 'scaledjobs',
    ScaledObject: 'scaledobjects',
    TriggerAuthentication: 'triggerauthentications',
  },
  'networking.k8s.io': { NetworkPolicy: 'networkpolicies' },
  policy: { PodDisruptionBudget: 'poddisruptionbudgets' },
};
