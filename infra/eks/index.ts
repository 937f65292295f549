import * as pulumi from '@pulumi/pulumi';
import { Provider } from '@pulumi/aws/provider';
import * as eks from '@pulumi/aws/eks';
import * as rds from '@pulumi/aws/rds';
import type { Cluster } from '../../src/model/cluster';
import type { ControlPlane } from '../../src/model/control-plane';
import type { ClusterOutputs } from '../../src/model/outputs';
import type { ActiveComponent } from '../../src/model/resolve/components';
import { declareNotices } from '../aws/alarms';
import { declareBuckets } from '../aws/buckets';
import { declareBudget } from '../aws/budget';
import { declareZone } from '../aws/dns';
import { declareEndpoints } from '../aws/endpoints';
import { declareFlowLogs } from '../aws/flow-logs';
import { podIdentityTrust, serviceAccountTrust } from '../aws/iam';
import { declareKeys } from '../aws/keys';
import { declareNetwork, type Network } from '../aws/network';
import { type AwsScope, awsScope, child, tags } from '../aws/scope';
import { declareSecurityGroups } from '../aws/security-groups';
import {
  addOnIdentities,
  declareIdentities,
  type GrantedIdentity,
  grantIdentities,
  type WorkloadIdentity,
} from '../aws/workload-identities';
import type { WorkloadPolicy } from '../aws/workload-policies';
import { clusterOutputs } from '../outputs';
import type { TenantRoles } from '../tenant-roles';
import { declareEksControlPlane } from './control-plane';
import { declareKarpenter, declareNodeGroups } from './machines';
import { DISCOVERY } from './names';
import { EKS_ROLES, eksEdges } from './network-edges';
import { eksPolicies } from './policies';

/** What a cluster on EKS is declared from. */
export interface EksProps {
  readonly cluster: Cluster;
  /** Of it only who reaches the API from outside: the rest is AWS'. */
  readonly controlPlane: Pick<ControlPlane, 'allowedSources'>;
  /** The add-ons that are on: their roles and the ports that API servers call follow from what they declare. */
  readonly components: Iterable<ActiveComponent>;
  /** ARN of the role that runs Pulumi: it does the bootstrap. */
  readonly provisioner: pulumi.Input<string>;
  /** ARNs of roles that are administrators besides those who sign in. @default - none */
  readonly administrators?: readonly pulumi.Input<string>[];
  /** What roles of the team's own add-ons may do, by role. @default - none */
  readonly policies?: Readonly<Record<string, WorkloadPolicy>>;
  /** Roles of tenants. @default - none */
  readonly tenants?: TenantRoles;
  /** ARN of the policy that no role of the stack can do more than. @default - none */
  readonly permissionsBoundary?: string;
  /** US dollars a month. */
  readonly budget: number;
  /**
   * Does the bootstrap up to the network, and gives its last resources. EKS calls a group of machines made when they are
   * well, and they are when they have a network: machines join after this.
   */
  readonly network: (api: EksApi) => readonly pulumi.Resource[];
}

/** The API of a cluster that has no machine yet. */
export interface EksApi {
  readonly url: pulumi.Output<string>;
  readonly host: pulumi.Output<string>;
  /** PEM, base64: what its certificate is checked against. */
  readonly certificateAuthority: pulumi.Output<string>;
  /** What whoever talks to it waits for. */
  readonly ready: readonly pulumi.Resource[];
}

/** What others need of a cluster on EKS. */
export interface EksOutputs {
  /** For the file beside platform.ts. */
  readonly outputs: pulumi.Output<ClusterOutputs>;
  readonly api: EksApi;
  /** To be written into the zone above the cluster's domain. */
  readonly nameServers: pulumi.Output<readonly string[]>;
  readonly databaseSubnetGroup: string;
  /** There are machines: what the rest of the bootstrap waits for. */
  readonly ready: readonly pulumi.Resource[];
}

/**
 * A cluster on EKS: the same network, keys, buckets, names and roles as on virtual machines, under a control plane that
 * AWS runs. It has never been run against AWS: it is typed against the provider's SDK and its graph is checked under
 * Pulumi's mocks.
 */
export function declareEks(props: EksProps): EksOutputs {
  const { cluster } = props;
  const scope = awsScope(cluster, new EksCluster(cluster), props.permissionsBoundary);
  const components = [...props.components];
  const discovered = { [DISCOVERY]: cluster.name };
  const keys = declareKeys(scope);
  const buckets = declareBuckets(scope, keys, ['backups', 'logs', 'traces']);
  const network = declareNetwork(scope, { privateTags: discovered });
  declareFlowLogs(scope, network, keys);
  const edges = eksEdges(
    cluster,
    components.map(({ declaration }) => declaration),
  );
  const groups = declareSecurityGroups(scope, network, edges, { roles: EKS_ROLES, workerTags: discovered });
  const endpoints = declareEndpoints(scope, network, groups.endpoints.id);
  const databaseSubnetGroup = declareDatabaseSubnets(scope, network);
  const zone = declareZone(scope);
  const control = declareEksControlPlane(scope, {
    keys,
    network,
    securityGroup: groups['control-plane'],
    allowedSources: props.controlPlane.allowedSources,
    provisioner: props.provisioner,
    administrators: props.administrators ?? [],
  });
  const addOnNames = components.map(({ name }) => name).sort();
  const places = { scope, keys, buckets, zoneArn: zone.arn, addOns: addOnNames, databaseSubnetGroup };
  const policies = { ...eksPolicies(network.vpcId), ...props.policies };
  // Add-ons come by the token of their ServiceAccount: some of them start before any agent could hand them a role.
  const byToken = ({ namespace, serviceAccount }: WorkloadIdentity) =>
    serviceAccountTrust(control.issuer, namespace, serviceAccount);
  const addOns = declareIdentities(scope, grantIdentities(addOnIdentities(components), places, policies), byToken);
  const api: EksApi = {
    url: control.cluster.endpoint,
    host: control.cluster.endpoint.apply((url) => new URL(url).hostname),
    certificateAuthority: control.cluster.certificateAuthority.apply(({ data }) => data),
    // The network gives Pods addresses as a role of its own.
    ready: [...control.access, ...Object.values(addOns)],
  };
  const pools = declareNodeGroups(scope, {
    cluster: control.cluster,
    keys,
    network,
    securityGroup: groups.worker,
    after: [...network.ready, ...endpoints, ...props.network(api)],
  });
  declareKarpenter(scope, control.cluster);
  // No output lists these: their names follow from the claims.
  declareTenants(scope, control.cluster, props.tenants?.workloads ?? []);
  declareIdentities(scope, props.tenants?.stores ?? [], byToken);
  const topic = declareNotices(scope, keys);
  declareBudget(scope, props.budget, topic);

  return {
    outputs: clusterOutputs(cluster, {
      api: { host: api.host, port: 443 },
      issuer: pulumi.interpolate`https://${control.issuer.host}`,
      vpc: network.vpcId,
      databaseSecurityGroup: groups.database.id,
      egress: pulumi.all([...network.egressAddresses]),
      buckets: Object.fromEntries(Object.entries(buckets).map(([use, { name }]) => [use, name])),
      roles: Object.fromEntries(Object.entries(addOns).map(([name, { arn }]) => [name, arn])),
      keys,
      zones: { [cluster.domain]: zone.zoneId },
    }),
    api,
    nameServers: zone.nameServers,
    databaseSubnetGroup,
    ready: pools,
  };
}

/** Parent of everything, with a provider that refuses any account but the cluster's. */
class EksCluster extends pulumi.ComponentResource {
  constructor(cluster: Cluster) {
    const { region = '', accountId = '' } = cluster;
    const aws = new Provider('aws', { region: region as 'eu-central-1', allowedAccountIds: [accountId] });
    super('keelson:eks:Cluster', cluster.name, {}, { providers: { aws } });
  }
}

/** Where databases of tenants are made. Gives its name. */
function declareDatabaseSubnets(scope: AwsScope, network: Network): string {
  const name = `${scope.cluster.name}-database`;
  new rds.SubnetGroup(
    'database',
    {
      name,
      description: `${scope.cluster.name}: databases of tenants`,
      subnetIds: network.databaseSubnets.map(({ id }) => id),
      tags: tags(scope, 'databases', 'database'),
    },
    child(scope),
  );
  return name;
}

/**
 * Roles of tenants, each for one ServiceAccount by Pod Identity: a tenant names no role and can take on no other, and
 * nobody's token leaves the cluster.
 */
function declareTenants(scope: AwsScope, cluster: eks.Cluster, identities: readonly GrantedIdentity[]): void {
  const agent = new eks.Addon(
    'pod-identity',
    {
      clusterName: cluster.name,
      addonName: 'eks-pod-identity-agent',
      resolveConflictsOnCreate: 'OVERWRITE',
      resolveConflictsOnUpdate: 'OVERWRITE',
      tags: tags(scope, 'identity', 'pod-identity'),
    },
    child(scope),
  );
  const roles = declareIdentities(scope, identities, ({ namespace, serviceAccount }) =>
    podIdentityTrust(scope, namespace, serviceAccount),
  );
  for (const { role, namespace, serviceAccount } of identities) {
    new eks.PodIdentityAssociation(
      `identity-${role}`,
      {
        clusterName: cluster.name,
        namespace,
        serviceAccount,
        roleArn: roles[role]!.arn,
        tags: tags(scope, 'identity', `identity-${role}`),
      },
      child(scope, { dependsOn: agent }),
    );
  }
}
