import type { Provider } from '../cluster';
import { apiServerRules } from './api-server';
import { componentRules } from './components';
import { etcdRules } from './etcd';
import type { RuleGroup } from './rule';

export { isAlert } from './rule';
export type { Alert, Recording, RuleGroup } from './rule';

const OWN_HOSTS: readonly RuleGroup[] = [
  apiServerRules.everywhere,
  apiServerRules.ownServers,
  ...etcdRules,
  ...componentRules,
];

/**
 * Rules about the control plane of a cluster, none of which waits for a series that the provider does not give. The
 * hosts of a local control plane stand on loopback addresses, which no Prometheus in the cluster reaches.
 */
const RULES: Readonly<Record<Provider, readonly RuleGroup[]>> = {
  aws: OWN_HOSTS,
  eks: [apiServerRules.everywhere],
  local: [],
};

export function controlPlaneRules(provider: Provider): readonly RuleGroup[] {
  return RULES[provider];
}
