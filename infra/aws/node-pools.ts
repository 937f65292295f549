import type * as pulumi from '@pulumi/pulumi';
import * as autoscaling from '@pulumi/aws/autoscaling';
import * as ec2 from '@pulumi/aws/ec2';
import * as iam from '@pulumi/aws/iam';
import type { NodePool } from '../../src/model/cluster';
import type { Host } from '../control-plane/host';
import { bundleKey, declareBundle } from './assets';
import { type EngineFile, hostBundle, poolEngines } from './host-bundle';
import { grant, role, serviceTrust } from './iam';
import { type MachinePlaces, trustParameter, workerStatements } from './machine-access';
import { DISKS, type MachineImage, METADATA } from './machines';
import type { Network } from './network';
import { type AwsScope, child, ownedTag, tags } from './scope';
import type { SecurityGroups } from './security-groups';
import { userData } from './user-data';

export interface NodePoolsProps extends MachinePlaces {
  readonly network: Network;
  readonly groups: SecurityGroups;
  readonly image: MachineImage;
  readonly engines: readonly EngineFile[];
  /** What a machine of a pool consists of, as `describeWorker` gives it. */
  readonly worker: (pool: NodePool) => Host;
  /** What must be there before a machine starts. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * A group of machines a pool, over all zones. A changed template holds for new machines: old ones go when somebody
 * drains them, because a group would end them without asking their Pods.
 */
export function declareNodePools(scope: AwsScope, props: NodePoolsProps): readonly autoscaling.Group[] {
  const machineRole = role(scope, 'node', {
    trust: serviceTrust('ec2.amazonaws.com'),
    description: 'Machines of the node pools',
    statements: [],
  });
  const granted = grant(scope, 'node', machineRole, workerStatements(scope, props));
  const profile = new iam.InstanceProfile(
    'node',
    { name: `${scope.cluster.name}-node`, role: machineRole.name, tags: tags(scope, 'nodes', 'node') },
    child(scope),
  );
  return scope.cluster.nodePools.map((pool) =>
    declarePool(scope, { ...props, after: [...props.after, granted] }, pool, profile),
  );
}

function declarePool(scope: AwsScope, props: NodePoolsProps, pool: NodePool, profile: iam.InstanceProfile) {
  const { keys, buckets, network, groups } = props;
  const name = `pool-${pool.name}`;
  const machine = { ...tags(scope, 'nodes', name), ...ownedTag(scope.cluster) };
  const host = props.worker(pool);
  const bundle = hostBundle(host, poolEngines(host, pool), props.engines, 0);
  const object = declareBundle(scope, buckets.assets, 'pools', pool.name, bundle);
  const text = userData({
    region: scope.region,
    bundleBucket: buckets.assets.name,
    bundleKey: bundleKey('pools', pool.name, bundle.sha256),
    bundleSha256: bundle.sha256,
    trustParameter: trustParameter(scope),
  });
  const template = new ec2.LaunchTemplate(
    name,
    {
      namePrefix: `${scope.cluster.name}-${pool.name}-`,
      updateDefaultVersion: true,
      imageId: props.image.id,
      instanceType: instanceType(scope, pool),
      iamInstanceProfile: { arn: profile.arn },
      metadataOptions: METADATA,
      monitoring: { enabled: true },
      ebsOptimized: 'true',
      networkInterfaces: [
        {
          deviceIndex: 0,
          associatePublicIpAddress: 'false',
          deleteOnTermination: 'true',
          securityGroups: [groups.worker.id],
        },
      ],
      blockDeviceMappings: [
        {
          deviceName: '/dev/xvda',
          ebs: {
            encrypted: 'true',
            kmsKeyId: keys.volumes,
            volumeType: 'gp3',
            volumeSize: DISKS.machine,
            deleteOnTermination: 'true',
          },
        },
      ],
      userData: Buffer.from(text).toString('base64'),
      tagSpecifications: ['instance', 'volume', 'network-interface'].map((resourceType) => ({
        resourceType,
        tags: machine,
      })),
      tags: tags(scope, 'nodes', name),
    },
    child(scope),
  );
  return new autoscaling.Group(
    name,
    {
      name: `${scope.cluster.name}-${pool.name}`,
      minSize: pool.minimum,
      maxSize: pool.maximum,
      desiredCapacity: pool.minimum,
      vpcZoneIdentifiers: network.privateSubnets.map(({ id }) => id),
      launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
      healthCheckType: 'EC2',
      healthCheckGracePeriod: 300,
      // It would end machines to even out zones, without draining them.
      suspendedProcesses: ['AZRebalance'],
      // Alarms count these.
      enabledMetrics: ['GroupDesiredCapacity', 'GroupInServiceInstances'],
      metricsGranularity: '1Minute',
      waitForCapacityTimeout: '0',
      tags: groupTags(scope, pool, machine),
    },
    // How many there are is the autoscaler's.
    child(scope, { ignoreChanges: ['desiredCapacity'], dependsOn: [...props.after, object] }),
  );
}

function instanceType({ cluster }: AwsScope, pool: NodePool): string {
  if (pool.instanceType !== undefined) return pool.instanceType;
  throw new Error(
    `platform.ts: clusters.${cluster.name}.nodePools.${pool.name}.instanceType: a pool in AWS needs it; add it`,
  );
}

/**
 * What the cluster-autoscaler finds the group by, and how it knows what a machine would be like before there is one.
 * Source: cluster-autoscaler, "Auto-Discovery Setup".
 */
function groupTags({ cluster }: AwsScope, pool: NodePool, machine: Readonly<Record<string, string>>) {
  const prefix = 'k8s.io/cluster-autoscaler';
  const own = {
    [`${prefix}/enabled`]: 'true',
    [`${prefix}/${cluster.name}`]: 'owned',
    [`${prefix}/node-template/resources/cpu`]: pool.capacity.cpu,
    [`${prefix}/node-template/resources/memory`]: pool.capacity.memory,
    [`${prefix}/node-template/resources/pods`]: String(pool.capacity.pods),
    ...Object.fromEntries(
      Object.entries(pool.labels).map(([key, value]) => [`${prefix}/node-template/label/${key}`, value]),
    ),
    ...Object.fromEntries(
      pool.taints.map(({ key, value = '', effect }) => [`${prefix}/node-template/taint/${key}`, `${value}:${effect}`]),
    ),
  };
  const list = (all: Readonly<Record<string, string>>, propagateAtLaunch: boolean) =>
    Object.entries(all).map(([key, value]) => ({ key, value, propagateAtLaunch }));
  return [...list(machine, true), ...list(own, false)];
}
