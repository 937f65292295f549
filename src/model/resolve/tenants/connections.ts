import type { TenantProps } from '../../claim.generated';
import { compareText } from '../../finding';
import type { TenantConnection, TenantConnections } from '../../slices';
import { namespaceOf } from './namespaces';
import { isIn } from './scope';

/** The claim of another tenant, for what it says of this one. */
export interface OtherClaim {
  readonly file: string;
  readonly props: TenantProps;
}

/** What the Pods of one environment may talk to. `others` are the claims of all tenants by name. */
export function connectionsOf(
  name: string,
  props: TenantProps,
  environment: string,
  others: ReadonlyMap<string, OtherClaim>,
): TenantConnections {
  const {
    inside = true,
    to = [],
    from = [],
    outside = [],
    kubernetesApi,
    cloudMetadata,
    nodePorts,
  } = props.connections ?? {};
  const here = <T extends { readonly environments?: readonly string[] }>(some: readonly T[]) =>
    some.filter((one) => isIn(one, environment));
  return {
    inside,
    to: here(to)
      .map(({ tenant, port, workload }): TenantConnection => {
        // What of the other may be called is the other's to say.
        const welcome = here(others.get(tenant)?.props.connections?.from ?? []).find(
          (one) => one.tenant === name && one.port === port,
        );
        return {
          tenant,
          namespace: namespaceOf(tenant, environment),
          port,
          ...(welcome?.workload === undefined ? {} : { workload: welcome.workload }),
          ...(workload === undefined ? {} : { caller: workload }),
          ...(welcome?.methods === undefined ? {} : { methods: welcome.methods }),
          ...(welcome?.paths === undefined ? {} : { paths: welcome.paths }),
        };
      })
      .sort(byPlace),
    from: here(from)
      .map(({ tenant, port, workload, methods, paths }): TenantConnection => {
        const comer = here(others.get(tenant)?.props.connections?.to ?? []).find(
          (one) => one.tenant === name && one.port === port,
        );
        return {
          tenant,
          namespace: namespaceOf(tenant, environment),
          port,
          ...(workload === undefined ? {} : { workload }),
          ...(comer?.workload === undefined ? {} : { caller: comer.workload }),
          ...(methods === undefined ? {} : { methods }),
          ...(paths === undefined ? {} : { paths }),
        };
      })
      .sort(byPlace),
    outside: here(outside).map(({ host, cidr, port = 443, protocol = 'TCP', why }) => ({
      to: host === undefined ? { cidr: cidr ?? '' } : { host: host.toLowerCase() },
      port,
      protocol,
      ...(why === undefined ? {} : { why }),
    })),
    kubernetesApi: kubernetesApi ?? false,
    cloudMetadata: cloudMetadata ?? false,
    nodePorts: [...(nodePorts ?? [])].sort((a, b) => a - b),
  };
}

function byPlace(a: TenantConnection, b: TenantConnection): number {
  return compareText(a.namespace, b.namespace) || a.port - b.port || compareText(a.workload ?? '', b.workload ?? '');
}
