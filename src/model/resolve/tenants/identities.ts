import type { TenantProps } from '../../claim.generated';
import { actionFault, resourceFault } from '../../cloud-permissions';
import { compareText } from '../../finding';
import type { ResolvedCluster, TenantIdentity } from '../../slices';
import { tenantRoleName } from '../../tenant-cloud';
import type { Claimant, FieldPath } from './claimant';
import { isIn } from './scope';

/** Characters of the policy that a role can hold in itself, blanks not counted. Source: IAM and AWS STS quotas. */
const POLICY_LENGTH = 10_240;

/** The cloud identities of one environment, in code-unit order of their names. */
export function identitiesOf(
  props: TenantProps,
  environment: string,
  namespace: string,
  cluster: ResolvedCluster,
): readonly TenantIdentity[] {
  return Object.entries(props.workloadIdentities ?? {})
    .filter(([, identity]) => isIn(identity, environment))
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, { workloads, permissions }]) => ({
      name,
      role: tenantRoleName(cluster, namespace, name),
      workloads: [...workloads].sort(compareText),
      permissions: permissions.map(({ actions, resources }) => ({
        actions,
        resources: resources.map((arn) => filled(arn, environment, cluster)),
      })),
    }));
}

/** An ARN with the environment's facts in their places. */
function filled(arn: string, environment: string, cluster: ResolvedCluster): string {
  const places: Readonly<Record<string, string>> = {
    account: cluster.accountId ?? '',
    region: cluster.region ?? '',
    environment,
  };
  return arn.replace(/\{(account|region|environment)\}/g, (_, place: string) => places[place] ?? '');
}

/** What one identity asks for must be nobody else's to give, and its ServiceAccount must be nobody else's. */
export function checkIdentities(
  claimant: Claimant,
  environment: string,
  cluster: ResolvedCluster,
  buckets: ReadonlySet<string>,
): void {
  const { workloadIdentities = {}, databases = {} } = claimant.props;
  for (const [name, identity] of Object.entries(workloadIdentities)) {
    if (!isIn(identity, environment)) continue;
    const at = ['workloadIdentities', name];
    if (name === 'default') {
      claimant.fault(at, {
        rule: 'reserved-identity',
        value: name,
        message: `ServiceAccount 'default' is that of every Pod that names none`,
        fix: 'name the identity after what it is for',
      });
    }
    if (Object.hasOwn(databases, name)) {
      claimant.fault(at, {
        rule: 'reserved-identity',
        value: name,
        message: `database '${name}' has a ServiceAccount of that name`,
        fix: `name the identity another way, such as '${name}-access'`,
      });
    }
    identity.permissions.forEach((permission, i) => {
      const of: FieldPath = [...at, 'permissions', i];
      permission.actions.forEach((action, j) => {
        const fault = actionFault(action);
        if (fault) claimant.fault([...of, 'actions', j], { rule: 'cloud-action', value: action, ...fault });
      });
      permission.resources.forEach((resource, j) => {
        const fault = resourceFault(filled(resource, environment, cluster), cluster, buckets);
        if (fault) claimant.fault([...of, 'resources', j], { rule: 'cloud-resource', value: resource, ...fault });
      });
    });
    const length = policyLength(identity.permissions, (arn) => filled(arn, environment, cluster));
    if (length > POLICY_LENGTH) {
      claimant.fault([...at, 'permissions'], {
        rule: 'cloud-policy',
        value: length,
        message: `its policy would have ${length} characters, and a role of AWS holds ${POLICY_LENGTH}`,
        fix: 'end resources in `/*` where all below is the tenant’s, or make it two identities',
      });
    }
  }
}

/** Characters of the policy, as provisioning writes it. */
function policyLength(permissions: TenantIdentity['permissions'], fill: (arn: string) => string): number {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: permissions.map(({ actions, resources }) => ({
      Effect: 'Allow',
      Action: actions,
      Resource: resources.map(fill),
    })),
  }).length;
}
