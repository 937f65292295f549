import type { Cluster } from './cluster';

/** Why something is refused, and what to write instead. */
export interface Refusal {
  readonly message: string;
  readonly fix: string;
}

/**
 * Services that no workload of a tenant gets a permission of, and who has a say instead. The first four are what AWS
 * itself withholds from whoever may do everything else (its managed policy `PowerUserAccess`), and what gives roles to
 * others; the rest is what the platform itself is made of.
 */
const SERVICES: Readonly<Record<string, string>> = {
  account: 'it is about the whole account',
  iam: 'it gives out rights',
  organizations: 'it is about the whole organisation',
  sts: 'it takes on the roles of others',
  identitystore: 'it decides who people are',
  sso: 'it decides who people are',
  'sso-admin': 'it decides who people are',
  autoscaling: 'the machines of the cluster are the platform’s',
  cloudformation: 'it acts with a role of its own',
  ec2: 'the machines of the cluster are the platform’s',
  eks: 'the cluster is the platform’s',
  rds: 'databases come by the claim’s `databases`',
  route53: 'names come by the claim’s `hosts`',
  secretsmanager: 'secrets come by the tenant’s store',
};

/** Of a service that else runs commands on machines, or holds keys of others: what may be asked for. */
const ONLY: Readonly<Record<string, { readonly actions: readonly string[]; readonly why: string }>> = {
  kms: {
    actions: ['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'GetPublicKey', 'Sign', 'Verify'],
    why: 'the rest manages keys',
  },
  ssm: {
    actions: ['GetParameter', 'GetParameters', 'GetParametersByPath'],
    why: 'the rest runs commands on machines',
  },
};

/** Actions that give others a right: access level "Permissions management" of AWS' Service Authorization Reference. */
const GIVES_RIGHTS =
  /^(?:put|set|add|attach|create|update|delete|remove|detach|retire|revoke)\w*(?:policy|permissions?|acl|grants?|publicaccessblock)$/i;

/** Of what is called so, the policies that are about something else than rights. */
const OTHER_POLICY = /(?:scaling|retention|lifecycle)policy$/i;

/** Actions of S3 that go before what keeps backups and records from being changed. */
const S3_LOCKS =
  /^(?:bypassgovernanceretention|putobjectlegalhold|putobjectretention|putbucketobjectlockconfiguration)$/i;

/** Why a workload of a tenant may not do this. AWS reads actions in any case. */
export function actionFault(action: string): Refusal | undefined {
  const [service = '', name = ''] = action.split(':');
  const asked = `'${action}' is not for workloads`;
  const without = 'leave it out, or ask the platform team';
  const refused = Object.hasOwn(SERVICES, service) ? SERVICES[service] : undefined;
  if (refused !== undefined) return { message: `${asked}: ${refused}`, fix: without };
  const only = Object.hasOwn(ONLY, service) ? ONLY[service] : undefined;
  if (only && !only.actions.some((one) => one.toLowerCase() === name.toLowerCase())) {
    return {
      message: `${asked}: ${only.why}`,
      fix: `ask for ${only.actions.join(', ')} of ${service}, or leave it out`,
    };
  }
  if (GIVES_RIGHTS.test(name) && !OTHER_POLICY.test(name)) {
    return { message: `${asked}: it gives others rights`, fix: without };
  }
  if (service === 's3' && S3_LOCKS.test(name)) return { message: `${asked}: it goes around a lock`, fix: without };
  return undefined;
}

/**
 * Why a workload of a tenant on this cluster may not have this. The ARN is a good one, its places filled in;
 * `buckets` are the platform's own, of all clusters.
 */
export function resourceFault(
  text: string,
  cluster: Pick<Cluster, 'name' | 'accountId' | 'platform'>,
  buckets: ReadonlySet<string>,
): Refusal | undefined {
  const [, , service = '', , account = '', ...rest] = text.split(':');
  const resource = rest.join(':');
  if (account !== '' && cluster.accountId !== undefined && account !== cluster.accountId) {
    return {
      message: `'${text}' is in account ${account}, and the environment in ${cluster.accountId}`,
      fix: 'write `{account}`; what another account gives, it gives by a policy of its own',
    };
  }
  if (service === 's3') {
    const bucket = resource.split('/')[0] ?? '';
    if (!buckets.has(bucket) && !bucket.startsWith(`${cluster.platform.name}-${cluster.name}-`)) return undefined;
    return { message: `bucket '${bucket}' is the platform's`, fix: 'name a bucket of the tenant’s own' };
  }
  // Of most services the first part says which kind of thing it is.
  if (/^[^/:]+[/:]\*$/.test(resource)) {
    return { message: `'${text}' is every one of its kind in the account`, fix: 'name those that are the tenant’s' };
  }
  if (service === 'sqs' && resource.startsWith(`${cluster.name}-karpenter`)) {
    return { message: `queue '${resource}' is the platform's`, fix: 'name a queue of the tenant’s own' };
  }
  return undefined;
}
