import type { TenantProps } from './claim.generated';
import type { PlatformProps } from './platform.generated';
import { amount, quotaOf } from './resolve/tenants/quota';
import { environmentNames } from './resolve/tenants/scope';

/**
 * What of a claim gives its tenant more than every tenant has by default, in words for whoever reviews it: ways out and
 * in, rights in the cloud, machines, production, more than the default quota. None: the team alone may review it.
 */
export function widenings(props: TenantProps, platform: PlatformProps): readonly string[] {
  const { connections = {}, environments = {}, tier = 1 } = props;
  const { to = [], from = [], outside = [], nodePorts = [] } = connections;
  const found: string[] = [];
  const add = (holds: boolean, what: string) => {
    if (holds) found.push(what);
  };
  add(outside.length > 0, 'connections to the outside');
  add(to.length + from.length > 0, 'connections to other tenants');
  add(connections.kubernetesApi === true, 'the Kubernetes API');
  add(connections.cloudMetadata === true, `the cloud's metadata`);
  add(nodePorts.length > 0, 'ports of machines');
  add(Object.keys(props.workloadIdentities ?? {}).length > 0, 'identities in the cloud');
  add((props.registries ?? []).length > 0, 'private registries');
  add(tier !== 1, `tier ${tier}`);
  const names = environmentNames(props, platform);
  const inProduction = names.filter((name) => platform.environments[name]?.production);
  add(inProduction.length > 0, `production (${inProduction.join(', ')})`);
  for (const [name, { nodePool, hosts = [], quota = {} }] of Object.entries(environments)) {
    add(hosts.length > 0, `hosts in ${name}`);
    add(nodePool !== undefined, `node pool ${nodePool} in ${name}`);
    add((quota.loadBalancers ?? 0) > 0, `load balancers in ${name}`);
    add((quota.nodePorts ?? 0) > 0, `node ports in ${name}`);
    add(
      isAboveDefault(quota, platform.environments[name]?.production === true),
      `more than the default quota in ${name}`,
    );
  }
  return found;
}

function isAboveDefault(
  quota: NonNullable<NonNullable<TenantProps['environments']>[string]['quota']>,
  production: boolean,
) {
  const asked = quotaOf(quota, production);
  const usual = quotaOf(undefined, production);
  return (
    asked.pods > usual.pods ||
    (['cpu', 'memory', 'storage'] as const).some((one) => amount(asked[one]) > amount(usual[one]))
  );
}
