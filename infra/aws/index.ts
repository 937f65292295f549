import * as pulumi from '@pulumi/pulumi';
import { Provider } from '@pulumi/aws/provider';
import * as rds from '@pulumi/aws/rds';
import type * as secretsmanager from '@pulumi/aws/secretsmanager';
import { getParameterOutput } from '@pulumi/aws/ssm';
import type { Cluster } from '../../src/model/cluster';
import type { ControlPlane } from '../../src/model/control-plane';
import type { ActiveComponent } from '../../src/model/resolve/components';
import { describeHosts, describeWorker } from '../control-plane';
import type { Host } from '../control-plane/host';
import { declareAlarms } from './alarms';
import { declareEngines } from './assets';
import { type Buckets, declareBuckets } from './buckets';
import { budgetLimit, declareBudget } from './budget';
import { declareControlPlane } from './control-plane';
import { estimateCost } from './cost';
import { declareApiNames, declareZone } from './dns';
import { declareEndpoints } from './endpoints';
import { declareFlowLogs } from './flow-logs';
import type { EngineFile } from './host-bundle';
import { serviceAccountTrust } from './iam';
import { declareIssuer } from './issuer';
import { declareKeys } from './keys';
import { declareApiBalancers } from './load-balancer';
import { IMAGE_PARAMETER, type MachineImage } from './machines';
import { declareNetwork, type Network } from './network';
import { declareNodePools } from './node-pools';
import { type AwsScope, awsScope, child, tags } from './scope';
import { declareSecurityGroups, networkEdges } from './security-groups';
import { awsSite } from './site';
import { addOnIdentities, declareIdentities, grantIdentities, type WorkloadIdentity } from './workload-identities';
import type { TenantRoles } from '../tenant-roles';
import type { WorkloadPolicy } from './workload-policies';

export { DESTROY_ORDER } from './destroy-order';
export { clusterEngines, engineFiles } from './engines';
export type { EngineFile } from './host-bundle';
export { decodeHostSecret, encodeHostSecret, hostSecretName, secretPaths } from './host-secret';
export { awsSite } from './site';

/** What a cluster in AWS is declared from. */
export interface AwsProps {
  readonly cluster: Cluster;
  readonly controlPlane: ControlPlane;
  /** The add-ons that are on: their roles and the ports that they use on nodes follow from what they declare. */
  readonly components: Iterable<ActiveComponent>;
  /** Every program that machines run: `engineFiles(clusterEngines(…))`. */
  readonly engines: readonly EngineFile[];
  /** What `issuerDocuments` gives; public. */
  readonly issuerDocuments: pulumi.Input<Readonly<Record<string, string>>>;
  /** See `ControlPlaneProps.writeSecret`. */
  readonly writeSecret: (host: Host, secret: secretsmanager.Secret) => pulumi.Resource;
  /** Image of all machines, of amd64. @default - the newest Amazon Linux 2023; hosts that are there keep theirs */
  readonly image?: string;
  /** What roles of the team's own add-ons may do, by role. @default - none */
  readonly policies?: Readonly<Record<string, WorkloadPolicy>>;
  /** Roles of tenants. @default - none */
  readonly tenants?: TenantRoles;
  /** ARN of the policy that no role of the stack can do more than. @default - none */
  readonly permissionsBoundary?: string;
  /** US dollars a month. @default - the estimate for pools at their minimum, and what use may add */
  readonly budget?: number;
}

/** What others need of a cluster in AWS. */
export interface AwsOutputs {
  readonly apiServer: string;
  /** To be written into the zone above the cluster's domain. */
  readonly nameServers: pulumi.Output<readonly string[]>;
  readonly issuer: string;
  readonly egressAddresses: pulumi.Output<readonly string[]>;
  /** ARNs by role, those of add-ons. */
  readonly roles: Readonly<Record<string, pulumi.Output<string>>>;
  /** Names by use. */
  readonly buckets: Readonly<Record<keyof Buckets, string>>;
  readonly databaseSubnetGroup: string;
  /** Security group for databases: machines of the pools reach them on PostgreSQL's port. */
  readonly databaseSecurityGroup: pulumi.Output<string>;
  readonly vpcId: pulumi.Output<string>;
  /** Ready when the control plane is. */
  readonly ready: pulumi.Resource;
  /**
   * Machines of the pools, and the roles without which the cloud controller lets no Pod on to them: the issuer that
   * roles trust is there once the domain is delegated.
   */
  readonly machines: readonly pulumi.Resource[];
}

/**
 * A cluster on virtual machines of AWS, under a control plane of its own. It has never been run against AWS: it is
 * typed against the provider's SDK and its graph is checked under Pulumi's mocks (docs/AWS.md).
 */
export function declareAws(props: AwsProps): AwsOutputs {
  const { cluster, controlPlane } = props;
  const root = new CloudCluster(cluster);
  const scope = awsScope(cluster, root, props.permissionsBoundary);
  const site = awsSite(cluster, controlPlane);
  const components = [...props.components];
  const keys = declareKeys(scope);
  const buckets = declareBuckets(scope, keys, ['records', 'assets', 'backups', 'logs', 'traces', 'issuer']);
  const network = declareNetwork(scope);
  declareFlowLogs(scope, network, keys);
  const edges = networkEdges(
    cluster,
    controlPlane.allowedSources,
    components.map(({ declaration }) => declaration),
  );
  const groups = declareSecurityGroups(scope, network, edges);
  const endpoints = declareEndpoints(scope, network, groups.endpoints.id);
  const databaseSubnetGroup = declareDatabaseSubnets(scope, network);
  const zone = declareZone(scope);
  const balancers = declareApiBalancers(scope, network, groups, site.hosts, controlPlane.allowedSources);
  const names = declareApiNames(scope, network, zone, balancers);
  const issuer = declareIssuer(scope, zone, buckets.issuer, props.issuerDocuments);
  const addOnNames = components.map(({ name }) => name).sort();
  const places = { scope, keys, buckets, zoneArn: zone.arn, addOns: addOnNames, databaseSubnetGroup };
  const byToken = ({ namespace, serviceAccount }: WorkloadIdentity) =>
    serviceAccountTrust(issuer, namespace, serviceAccount);
  const addOns = grantIdentities(addOnIdentities(components), places, props.policies);
  const roles = declareIdentities(scope, addOns, byToken);
  // Nobody waits for these, and no output lists them: their names follow from the claims.
  declareIdentities(scope, [...(props.tenants?.workloads ?? []), ...(props.tenants?.stores ?? [])], byToken);
  const engines = declareEngines(scope, buckets.assets, props.engines);
  const machines = { keys, buckets, network, groups, image: imageOf(props.image, root), engines: props.engines };
  const reachable = [...network.ready, ...endpoints, ...engines];
  const hosts = describeHosts(cluster, site);
  const control = declareControlPlane(scope, {
    ...machines,
    hosts,
    instanceType: controlPlane.instanceType ?? '',
    writeSecret: props.writeSecret,
    after: [...reachable, ...balancers.listeners, ...names],
  });
  const pools = declareNodePools(scope, {
    ...machines,
    worker: (pool) => describeWorker(cluster, site, pool),
    after: [...reachable, control.ready],
  });
  const topic = declareAlarms(scope, {
    keys,
    network,
    hosts: hosts.map(({ name }, index) => ({ name, instance: control.instances[index]! })),
    pools,
    balancers,
    records: buckets.records,
  });
  declareBudget(scope, props.budget ?? budgetLimit(estimateCost(cluster, controlPlane).minimum), topic);
  root.done();
  return {
    apiServer: `https://${site.endpoint.host}:${site.endpoint.port}`,
    nameServers: zone.nameServers,
    issuer: site.serviceAccountIssuer,
    egressAddresses: pulumi.all([...network.egressAddresses]),
    roles: Object.fromEntries(Object.entries(roles).map(([name, { arn }]) => [name, arn])),
    buckets: Object.fromEntries(Object.entries(buckets).map(([use, { name }]) => [use, name])) as Record<
      keyof Buckets,
      string
    >,
    databaseSubnetGroup,
    databaseSecurityGroup: groups.database.id,
    vpcId: network.vpcId,
    ready: control.ready,
    machines: [...pools, ...Object.values(roles)],
  };
}

/** Parent of everything, with a provider that refuses any account but the cluster's. */
class CloudCluster extends pulumi.ComponentResource {
  constructor(cluster: Cluster) {
    const { region = '', accountId = '' } = cluster;
    const aws = new Provider('aws', { region: region as 'eu-central-1', allowedAccountIds: [accountId] });
    super('keelson:aws:Cluster', cluster.name, {}, { providers: { aws } });
  }

  /** Tells Pulumi that there are no more children. */
  done(): void {
    this.registerOutputs();
  }
}

function imageOf(pinned: string | undefined, parent: pulumi.Resource): MachineImage {
  if (pinned !== undefined) return { id: pinned, pinned: true };
  return { id: getParameterOutput({ name: IMAGE_PARAMETER }, { parent }).insecureValue, pinned: false };
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
