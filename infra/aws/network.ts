import type * as pulumi from '@pulumi/pulumi';
import * as ec2 from '@pulumi/aws/ec2';
import { getAvailabilityZonesOutput } from '@pulumi/aws/getAvailabilityZones';
import { type AddressPlan, addressPlan, ZONES } from './address-plan';
import { type AwsScope, child, tags } from './scope';

/** The cluster's network. Lists are in the order of the zones. */
export interface Network {
  readonly vpcId: pulumi.Output<string>;
  readonly plan: AddressPlan;
  readonly publicSubnets: readonly ec2.Subnet[];
  readonly privateSubnets: readonly ec2.Subnet[];
  readonly databaseSubnets: readonly ec2.Subnet[];
  /** One a zone, so that a zone's loss takes no other's way out. */
  readonly privateRouteTables: readonly ec2.RouteTable[];
  readonly databaseRouteTable: ec2.RouteTable;
  /** Public addresses that the cluster calls the world from. */
  readonly egressAddresses: readonly pulumi.Output<string>[];
  /** Resources without which a machine in a private subnet reaches nothing: what starts machines waits for them. */
  readonly ready: readonly pulumi.Resource[];
}

/** What differs between kinds of cluster. */
export interface NetworkProps {
  /** Further tags of the private subnets, such as Karpenter's. @default - none */
  readonly privateTags?: Readonly<Record<string, string>>;
}

/**
 * A VPC over three zones: public subnets for load balancers and NAT gateways, private ones for machines, and ones for
 * databases without any route to the internet. Its default security group lets nothing through.
 */
export function declareNetwork(scope: AwsScope, props: NetworkProps = {}): Network {
  const plan = addressPlan(scope.cluster);
  const vpc = new ec2.Vpc(
    'vpc',
    {
      cidrBlock: scope.cluster.network.nodeCidr,
      // Private names of endpoints and of machines need both.
      enableDnsHostnames: true,
      enableDnsSupport: true,
      tags: tags(scope, 'network', 'vpc', { [`kubernetes.io/cluster/${scope.cluster.name}`]: 'owned' }),
    },
    child(scope),
  );
  new ec2.DefaultSecurityGroup(
    'default-closed',
    { vpcId: vpc.id, ingress: [], egress: [], tags: tags(scope, 'network', 'default-closed') },
    child(scope),
  );
  const gateway = new ec2.InternetGateway(
    'internet',
    { vpcId: vpc.id, tags: tags(scope, 'network', 'internet') },
    child(scope),
  );
  const zones = getAvailabilityZonesOutput(
    { state: 'available', filters: [{ name: 'opt-in-status', values: ['opt-in-not-required'] }] },
    { parent: scope.parent },
  );
  const subnets = (kind: 'public' | 'private' | 'database', ranges: readonly string[], more: Record<string, string>) =>
    ranges.map(
      (cidrBlock, index) =>
        new ec2.Subnet(
          `${kind}-${index + 1}`,
          {
            vpcId: vpc.id,
            cidrBlock,
            availabilityZone: zones.names.apply((names) => zone(scope, names, index)),
            mapPublicIpOnLaunch: false,
            tags: tags(scope, 'network', `${kind}-${index + 1}`, more),
          },
          // A zone that AWS opens later must not move a subnet.
          child(scope, { ignoreChanges: ['availabilityZone'] }),
        ),
    );
  const shared = { [`kubernetes.io/cluster/${scope.cluster.name}`]: 'owned' };
  // By these tags the cloud controller chooses where load balancers go.
  const publicSubnets = subnets('public', plan.publicSubnets, { ...shared, 'kubernetes.io/role/elb': '1' });
  const privateSubnets = subnets('private', plan.privateSubnets, {
    ...shared,
    'kubernetes.io/role/internal-elb': '1',
    ...props.privateTags,
  });
  const databaseSubnets = subnets('database', plan.databaseSubnets, {});

  const publicTable = routeTable(scope, vpc, 'public', publicSubnets);
  const toInternet = new ec2.Route(
    'public-internet',
    { routeTableId: publicTable.table.id, destinationCidrBlock: '0.0.0.0/0', gatewayId: gateway.id },
    child(scope),
  );
  const ways = privateSubnets.map((subnet, index) => wayOut(scope, vpc, index, subnet, publicSubnets, toInternet));
  const database = routeTable(scope, vpc, 'database', databaseSubnets);
  return {
    vpcId: vpc.id,
    plan,
    publicSubnets,
    privateSubnets,
    databaseSubnets,
    privateRouteTables: ways.map(({ table }) => table),
    databaseRouteTable: database.table,
    egressAddresses: ways.map(({ address }) => address),
    ready: ways.flatMap(({ ready }) => ready),
  };
}

function zone(scope: AwsScope, names: readonly string[], index: number): string {
  const name = [...names].sort()[index];
  if (name !== undefined) return name;
  throw new Error(
    `platform.ts: clusters.${scope.cluster.name}.region: ${scope.region} offers this account ${names.length} zones, ` +
      `and a cluster needs ${ZONES}; choose another region`,
  );
}

function routeTable(scope: AwsScope, vpc: ec2.Vpc, name: string, subnets: readonly ec2.Subnet[]) {
  const table = new ec2.RouteTable(name, { vpcId: vpc.id, tags: tags(scope, 'network', name) }, child(scope));
  const associations = subnets.map(
    (subnet, index) =>
      new ec2.RouteTableAssociation(
        subnets.length > 1 ? `${name}-${index + 1}` : name,
        { subnetId: subnet.id, routeTableId: table.id },
        child(scope),
      ),
  );
  return { table, associations };
}

/** A zone's NAT gateway and the private subnet's route to it. */
function wayOut(
  scope: AwsScope,
  vpc: ec2.Vpc,
  index: number,
  subnet: ec2.Subnet,
  publicSubnets: readonly ec2.Subnet[],
  toInternet: ec2.Route,
) {
  const name = `nat-${index + 1}`;
  const address = new ec2.Eip(
    name,
    { domain: 'vpc', tags: tags(scope, 'network', name) },
    // Others let these addresses in: they stay while the gateway is replaced.
    child(scope, { dependsOn: [toInternet] }),
  );
  const nat = new ec2.NatGateway(
    name,
    {
      allocationId: address.id,
      subnetId: publicSubnets[index]!.id,
      tags: tags(scope, 'network', name),
    },
    child(scope, { dependsOn: [toInternet] }),
  );
  const { table, associations } = routeTable(scope, vpc, `private-${index + 1}`, [subnet]);
  const route = new ec2.Route(
    `private-${index + 1}-nat`,
    { routeTableId: table.id, destinationCidrBlock: '0.0.0.0/0', natGatewayId: nat.id },
    child(scope),
  );
  return { table, address: address.publicIp, ready: [route, ...associations] };
}
