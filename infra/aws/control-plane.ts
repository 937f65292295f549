import type * as pulumi from '@pulumi/pulumi';
import * as ebs from '@pulumi/aws/ebs';
import * as ec2 from '@pulumi/aws/ec2';
import * as iam from '@pulumi/aws/iam';
import * as secretsmanager from '@pulumi/aws/secretsmanager';
import * as ssm from '@pulumi/aws/ssm';
import { bootstrapTokenParameter } from '../control-plane/bootstrap-token';
import type { Host } from '../control-plane/host';
import { ETCD_DATA } from '../control-plane/paths';
import { ZONES } from './address-plan';
import { bundleKey, declareBundle } from './assets';
import { type EngineFile, enginesOf, hostBundle, hostScript, refreshMinute } from './host-bundle';
import { hostSecretName } from './host-secret';
import { grant, role, serviceTrust } from './iam';
import { hostStatements, type MachinePlaces, trustParameter } from './machine-access';
import { DISKS, type MachineImage, METADATA } from './machines';
import type { Network } from './network';
import { registered } from './registered';
import { type AwsScope, child, kept, ownedTag, tags } from './scope';
import type { SecurityGroups } from './security-groups';
import { userData } from './user-data';

/** Operations a second: etcd asks for 500 sequential ones for a busy cluster; gp3 has these without a surcharge. */
const ETCD_IOPS = 3000;
/** Seconds until a host that was replaced must be a healthy member again: the objective for recovery. */
const READY_TIMEOUT = 1800;

export interface ControlPlaneProps extends MachinePlaces {
  readonly network: Network;
  readonly groups: SecurityGroups;
  /** As `describeHosts` gives them, in their order. */
  readonly hosts: readonly Host[];
  readonly instanceType: string;
  readonly image: MachineImage;
  readonly engines: readonly EngineFile[];
  /**
   * Has the value of a host's secret written, by whoever holds the cluster's keys. The value never passes through
   * Pulumi; the machine waits for the resource.
   */
  readonly writeSecret: (host: Host, secret: secretsmanager.Secret) => pulumi.Resource;
  /** What must be there before a machine starts. */
  readonly after: readonly pulumi.Resource[];
}

export interface ControlPlaneMachines {
  readonly instances: readonly ec2.Instance[];
  /** Ready when the whole control plane is. */
  readonly ready: pulumi.Resource;
}

/**
 * The hosts of the control plane, a zone each. Address, disk and secret are resources of their own and stay when the
 * machine is replaced; a machine is replaced when what it runs changes. The next one waits until the last is a healthy
 * member again, so that a quorum stands throughout; at the founding all start together.
 */
export function declareControlPlane(scope: AwsScope, props: ControlPlaneProps): ControlPlaneMachines {
  declareParameters(scope, props);
  const instances: ec2.Instance[] = [];
  let ready: pulumi.Resource | undefined;
  for (const [index, host] of props.hosts.entries()) {
    const machine = declareHost(scope, props, host, index, ready ? [ready] : []);
    instances.push(machine.instance);
    ready = machine.ready;
  }
  if (!ready) throw new Error('a control plane has at least one host');
  return { instances, ready };
}

/** What machines of the pools join by. Hosts write the values; Pulumi makes the places and never looks again. */
function declareParameters(scope: AwsScope, { keys }: ControlPlaneProps): void {
  const options = child(scope, { ignoreChanges: ['value', 'keyId'] });
  new ssm.Parameter(
    'bootstrap-token',
    {
      name: bootstrapTokenParameter(scope.cluster),
      type: 'SecureString',
      keyId: keys.hosts,
      value: 'none yet',
      description: 'Token by which machines of the pools join; an hour old at most',
      tags: tags(scope, 'control-plane', 'bootstrap-token'),
    },
    options,
  );
  new ssm.Parameter(
    'trust',
    {
      name: trustParameter(scope),
      type: 'String',
      value: 'none yet',
      description: 'Certificates of who signs for the API servers; public',
      tags: tags(scope, 'control-plane', 'trust'),
    },
    options,
  );
}

function declareHost(
  scope: AwsScope,
  props: ControlPlaneProps,
  host: Host,
  index: number,
  after: readonly pulumi.Resource[],
) {
  const { keys, buckets, network, groups } = props;
  const { name } = host;
  const subnet = network.privateSubnets[index % ZONES]!;
  const own = (what: string) => tags(scope, 'control-plane', `${name}${what}`);
  const secret = new secretsmanager.Secret(
    name,
    {
      name: hostSecretName(scope.cluster.name, name),
      description: `Keys and certificates of ${name}; read by that host alone`,
      kmsKeyId: keys.hosts,
      recoveryWindowInDays: 30,
      tags: own(''),
    },
    kept(scope),
  );
  const machineRole = role(scope, name, {
    trust: serviceTrust('ec2.amazonaws.com'),
    description: `The host ${name} of the control plane`,
    statements: [],
  });
  const granted = grant(scope, name, machineRole, hostStatements(scope, name, secret.arn, { keys, buckets }));
  const profile = new iam.InstanceProfile(
    name,
    { name: `${scope.cluster.name}-${name}`, role: machineRole.name, tags: own('') },
    child(scope),
  );
  const networkInterface = new ec2.NetworkInterface(
    name,
    {
      subnetId: subnet.id,
      privateIps: [host.address],
      securityGroups: [groups['control-plane'].id],
      description: `${scope.cluster.name}: ${name}`,
      tags: own(''),
    },
    kept(scope),
  );
  const volume = new ebs.Volume(
    `${name}-etcd`,
    {
      availabilityZone: subnet.availabilityZone,
      type: 'gp3',
      size: DISKS.etcd,
      iops: ETCD_IOPS,
      encrypted: true,
      kmsKeyId: keys.volumes,
      // Where somebody does delete it, this is the way back.
      finalSnapshot: true,
      tags: own('-etcd'),
    },
    kept(scope),
  );
  const bundle = hostBundle(host, enginesOf(host), props.engines, refreshMinute(index, props.hosts.length));
  const object = declareBundle(scope, buckets.assets, 'hosts', name, bundle);
  const instance = new ec2.Instance(
    name,
    {
      ami: props.image.id,
      instanceType: props.instanceType,
      iamInstanceProfile: profile.name,
      primaryNetworkInterface: { networkInterfaceId: networkInterface.id },
      metadataOptions: METADATA,
      rootBlockDevice: {
        encrypted: true,
        kmsKeyId: keys.volumes,
        volumeType: 'gp3',
        volumeSize: DISKS.host,
        deleteOnTermination: true,
        tags: own('-root'),
      },
      ebsOptimized: true,
      monitoring: true,
      // Against everybody but Pulumi, which ends a machine in order to replace it.
      disableApiTermination: scope.cluster.production,
      forceDestroy: true,
      maintenanceOptions: { autoRecovery: 'default' },
      userData: volume.id.apply((id) =>
        userData({
          region: scope.region,
          bundleBucket: buckets.assets.name,
          bundleKey: bundleKey('hosts', name, bundle.sha256),
          bundleSha256: bundle.sha256,
          trustParameter: trustParameter(scope),
          trustFile: trustFile(host),
          secretId: hostSecretName(scope.cluster.name, name),
          volume: id,
          volumePath: ETCD_DATA,
        }),
      ),
      userDataReplaceOnChange: true,
      tags: { ...own(''), ...ownedTag(scope.cluster) },
    },
    child(scope, {
      // Its address and its disk can be at one machine only.
      deleteBeforeReplace: true,
      ...(props.image.pinned ? {} : { ignoreChanges: ['ami'] }),
      dependsOn: [...after, ...props.after, granted, object, props.writeSecret(host, secret)],
    }),
  );
  const attachment = new ec2.VolumeAttachment(
    `${name}-etcd`,
    { instanceId: instance.id, volumeId: volume.id, deviceName: '/dev/sdf', stopInstanceBeforeDetaching: true },
    child(scope, { deleteBeforeReplace: true }),
  );
  const last = index === props.hosts.length - 1;
  const ready = new ssm.Association(
    `${name}-ready`,
    {
      associationName: `${scope.cluster.name}-${name}-ready`,
      name: 'AWS-RunShellScript',
      targets: [{ key: 'InstanceIds', values: [registered(scope, instance.id)] }],
      parameters: { commands: readyScript(last), executionTimeout: String(READY_TIMEOUT) },
      waitForSuccessTimeoutSeconds: READY_TIMEOUT,
      tags: own('-ready'),
    },
    child(scope, { dependsOn: [attachment], replaceOnChanges: ['targets'], deleteBeforeReplace: true }),
  );
  return { instance, ready };
}

/** What the next host waits for. When a cluster is founded no member is healthy before most have started. */
export function readyScript(last: boolean): string {
  return `${last ? 'FOUNDING=' : 'FOUNDING=/run/keelson/founding'}\n${hostScript('ready')}`;
}

/** The host's file that says which authorities sign for API servers. */
function trustFile(host: Host): string {
  const found = host.files.find(
    ({ content }) =>
      typeof content !== 'string' && content.kind === 'trust' && content.authorities.join() === 'kubernetes',
  );
  if (found) return found.path;
  throw new Error(`${host.name} has no file with what trusts the API servers: machines of the pools need its content`);
}
