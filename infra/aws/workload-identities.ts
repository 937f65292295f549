import type * as iam from '@pulumi/aws/iam';
import type * as pulumi from '@pulumi/pulumi';
import type { ActiveComponent } from '../../src/model/resolve/components';
import { role, type Statement } from './iam';
import type { AwsScope } from './scope';
import { WORKLOAD_POLICIES, type WorkloadPlaces, type WorkloadPolicy } from './workload-policies';

/** A role that one ServiceAccount of the cluster takes on. */
export interface WorkloadIdentity {
  /** The role is called `<cluster>-<role>`, but for one of a tenant's: that is the whole name. */
  readonly role: string;
  /** @default false */
  readonly wholeName?: boolean;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly description: string;
}

/** An identity with what it may do. */
export interface GrantedIdentity extends WorkloadIdentity {
  readonly statements: readonly Statement[];
}

/** Identities that the add-ons of one cluster declare, in their order. */
export function addOnIdentities(components: Iterable<ActiveComponent>): readonly WorkloadIdentity[] {
  return [...components].flatMap(({ name, namespace, declaration }) =>
    (declaration.identities ?? []).map(({ serviceAccount, role: own }) => ({
      role: own,
      namespace,
      serviceAccount,
      description: `The add-on ${name}`,
    })),
  );
}

/** Gives each identity its policy. Throws where there is none: an add-on would start and be refused by AWS later. */
export function grantIdentities(
  identities: readonly WorkloadIdentity[],
  places: WorkloadPlaces,
  own: Readonly<Record<string, WorkloadPolicy>> = {},
): readonly GrantedIdentity[] {
  const policies = { ...WORKLOAD_POLICIES, ...own };
  return identities.map((identity) => {
    const policy = policies[identity.role];
    if (policy) return { ...identity, statements: policy(places) };
    throw new Error(
      `${identity.description} acts as role '${identity.role}', and nothing says what that may do: add it to ` +
        `infra/aws/workload-policies.ts, or pass its policy to declareAws`,
    );
  });
}

/**
 * The roles, by name. `trust` says who takes one on: a token of the cluster's issuer, or EKS Pod Identity. Throws where
 * two identities share a role.
 */
export function declareIdentities(
  scope: AwsScope,
  identities: readonly GrantedIdentity[],
  trust: (identity: WorkloadIdentity) => pulumi.Input<string>,
): Readonly<Record<string, iam.Role>> {
  const roles: Record<string, iam.Role> = {};
  for (const identity of identities) {
    if (roles[identity.role]) throw new Error(`two identities are called '${identity.role}': give one another name`);
    roles[identity.role] = role(scope, identity.role, {
      ...(identity.wholeName === true ? { fullName: identity.role } : {}),
      trust: trust(identity),
      description: `${identity.description}, as ${identity.namespace}/${identity.serviceAccount}`,
      statements: identity.statements,
    });
  }
  return roles;
}
