import type { RequestMatch } from '../guardrail';

/** Kinds that teams write too, by API group: of all others nobody in a tenant changes anything. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  '': ['configmaps', 'persistentvolumeclaims', 'pods', 'secrets', 'serviceaccounts', 'services'],
  apps: ['deployments', 'statefulsets'],
  autoscaling: ['horizontalpodautoscalers'],
  batch: ['cronjobs', 'jobs'],
  'external-secrets.io': ['externalsecrets'],
  'gateway.networking.k8s.io': ['httproutes'],
  'keda.sh': ['scaledjobs', 'scaledobjects', 'triggerauthentications'],
  'networking.k8s.io': ['networkpolicies'],
  policy: ['poddisruptionbudgets'],
};

/** All versions of those kinds, whatever is asked of them. */
export const TEAM_KINDS: readonly Omit<RequestMatch, 'operations'>[] = Object.entries(KINDS).map(
  ([group, resources]) => ({ apiGroups: [group], apiVersions: ['*'], resources }),
);
