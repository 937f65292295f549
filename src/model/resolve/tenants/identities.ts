import { createHash } from 'node:crypto';
import type { TenantProps } from '../../claim.generated';
import { compareText } from '../../finding';
import type { ResolvedCluster, TenantIdentity } from '../../slices';
import { isIn } from './scope';

/** Longest name of a role in IAM. Source: IAM and AWS STS quotas. */
const ROLE_LENGTH = 64;

/** The cloud identities of one environment, in code-unit order of their names. */
export function identitiesOf(
  props: TenantProps,
  environment: string,
  namespace: string,
  cluster: ResolvedCluster,
): readonly TenantIdentity[] {
  const places: Readonly<Record<string, string>> = {
    account: cluster.accountId ?? '',
    region: cluster.region ?? '',
    environment,
  };
  const fill = (arn: string) =>
    arn.replace(/\{(account|region|environment)\}/g, (_, place: string) => places[place] ?? '');
  return Object.entries(props.workloadIdentities ?? {})
    .filter(([, identity]) => isIn(identity, environment))
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, { workloads, permissions }]) => ({
      name,
      role: shortened(`${cluster.name}-${namespace}-${name}`),
      workloads: [...workloads].sort(compareText),
      permissions: permissions.map(({ actions, resources }) => ({ actions, resources: resources.map(fill) })),
    }));
}

/** The name, or its beginning and a digest of the whole where it is too long: no two names become one. */
function shortened(name: string): string {
  if (name.length <= ROLE_LENGTH) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, ROLE_LENGTH - digest.length - 1)}-${digest}`;
}
