import type { Graph, GraphNode } from './aws-graph';
import { idOf } from './aws-graph';

/** A defect, planted into a graph that is right, and the one assertion that must tell it. */
export interface Mutant {
  readonly defect: string;
  readonly caughtBy: string;
  readonly plant: (graph: Graph) => Graph;
}

type Changed = { inputs: Record<string, unknown>; options: Record<keyof GraphNode['options'], unknown> };
/** Values that a defect writes are of any form. */
type Loose = Record<string, never>;

/** Changes every resource of that kind and, where one is given, that name. */
function edit(kind: string, name: string | undefined, change: (node: Changed) => void): Mutant['plant'] {
  return (graph) => {
    let found = 0;
    const nodes = graph.nodes.map((node) => {
      if (!node.type.endsWith(kind) || (name !== undefined && node.name !== name)) return node;
      found += 1;
      const copy = structuredClone(node) as unknown as GraphNode & Changed;
      change(copy);
      return copy;
    });
    if (found === 0) throw new Error(`there is no ${kind} ${name ?? ''} to break`);
    return { nodes };
  };
}

function drop(kind: string, name: string): Mutant['plant'] {
  return (graph) => {
    const nodes = graph.nodes.filter((node) => !(node.type.endsWith(kind) && node.name === name));
    if (nodes.length === graph.nodes.length) throw new Error(`there is no ${kind} ${name} to drop`);
    return { nodes };
  };
}

function add(type: string, name: string, inputs: Record<string, unknown>): Mutant['plant'] {
  const options = {
    protect: false,
    retainOnDelete: false,
    deleteBeforeReplace: false,
    ignoreChanges: [],
    dependsOn: [],
  };
  return ({ nodes }) => ({ nodes: [...nodes, { type, name, id: idOf(type, name), inputs, options }] });
}

/** Sets a field by its path. */
const set =
  (path: string, value: unknown) =>
  ({ inputs }: Changed): void => {
    const keys = path.split('.');
    const last = keys.pop()!;
    const parent = keys.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, inputs);
    parent[last] = value;
  };

/** Changes a policy's document. */
const policy =
  (change: (statements: Loose[]) => void, key = 'policy') =>
  ({ inputs }: Changed): void => {
    const document = JSON.parse(String(inputs[key])) as { Statement: Loose[] };
    change(document.Statement);
    inputs[key] = JSON.stringify(document);
  };

const allow = (Action: string, Resource: string) =>
  policy((statements) =>
    statements.push({ Effect: 'Allow', Action: [Action], Resource: [Resource] } as unknown as Loose),
  );

const without = (values: unknown, wrong: string) => (values as string[]).filter((value) => !value.includes(wrong));

const SOURCES = 'only the allowed sources come in from outside, and only to the public balancer';
const KEPT = 'what cannot be made again is protected';
const ISSUER = 'the issuer is served from a private bucket under the name that roles trust';
const CLOSED = 'buckets are closed to the public, versioned and refuse plain HTTP';
const WORKERS = 'machines of pools read no secret';
const OWN = 'a host reads its own secret and its own files';
const WAYS = 'every private subnet has a way out through its own zone';
const INSIDE = 'services of AWS are reached from inside';
const ONE_BY_ONE = 'hosts are replaced one by one';
const STARTS = 'machines start when what they need is there';
const ZONES = 'subnets lie in three zones, alike and apart';

const TABLE: readonly (readonly [defect: string, caughtBy: string, plant: Mutant['plant']])[] = [
  [
    'the API is open to the world',
    SOURCES,
    edit('SecurityGroupIngressRule', '192.0.2.0/24-to-public-balancer-tcp-6443', set('cidrIpv4', '0.0.0.0/0')),
  ],
  [
    'an allowed source comes to the hosts themselves',
    SOURCES,
    edit(
      'SecurityGroupIngressRule',
      '192.0.2.0/24-to-public-balancer-tcp-6443',
      set('securityGroupId', idOf('aws:ec2/securityGroup:SecurityGroup', 'group-control-plane')),
    ),
  ],
  [
    'a range of IPv6 comes in',
    SOURCES,
    edit('SecurityGroupIngressRule', '192.0.2.0/24-to-public-balancer-tcp-6443', set('cidrIpv6', '::/0')),
  ],
  [
    'a group has a rule inside',
    SOURCES,
    edit(':SecurityGroup', 'group-worker', set('ingress', [{ cidrBlocks: ['0.0.0.0/0'] }])),
  ],
  [
    'the internal balancer is in public subnets',
    'balancers stand where they belong, behind their security groups',
    edit(
      'LoadBalancer',
      'api-internal',
      set(
        'subnets',
        ['1', '2', '3'].map((zone) => idOf('aws:ec2/subnet:Subnet', `public-${zone}`)),
      ),
    ),
  ],
  [
    'a balancer has no security group',
    'balancers stand where they belong, behind their security groups',
    edit('LoadBalancer', 'api-external', set('securityGroups', [])),
  ],
  [
    'a host is not behind the balancer',
    'every API server is behind every balancer, and asked for its health',
    drop('TargetGroupAttachment', 'api-internal-control-plane-2'),
  ],
  [
    'the health check asks the port only',
    'every API server is behind every balancer, and asked for its health',
    edit('TargetGroup', 'api-external', set('healthCheck', { protocol: 'TCP' })),
  ],
  [
    'a listener leads to another group',
    'every API server is behind every balancer, and asked for its health',
    edit(':Listener', 'api-internal', set('defaultActions', [])),
  ],
  [
    'a role may do everything with S3',
    'actions of policies are written out',
    edit('RolePolicy', 'role-loki', allow('s3:*', 'arn:aws:s3:::harbour-production-logs')),
  ],
  [
    'a key’s policy allows everything',
    'actions of policies are written out',
    edit(
      ':Key',
      'key-logs',
      policy((all) => (all[0]!.Action = 'kms:*' as never)),
    ),
  ],
  [
    'a role passes any role',
    'every resource is allowed only where AWS has none to name',
    edit('RolePolicy', 'role-velero', allow('iam:PassRole', '*')),
  ],
  [
    'a role trusts the whole account',
    'roles trust one service or one ServiceAccount',
    edit(
      ':Role',
      'role-tempo',
      policy(
        (all) =>
          all.push({
            Effect: 'Allow',
            Action: 'sts:AssumeRole',
            Principal: { AWS: 'arn:aws:iam::111122223333:root' },
          } as unknown as Loose),
        'assumeRolePolicy',
      ),
    ),
  ],
  [
    'a role takes tokens for any audience',
    'roles trust one service or one ServiceAccount',
    edit(
      ':Role',
      'role-loki',
      ({ inputs }) =>
        (inputs.assumeRolePolicy = String(inputs.assumeRolePolicy).replace(/"[^"]+:aud":"sts\.amazonaws\.com",/, '')),
    ),
  ],
  [
    'etcd’s disk is not encrypted',
    'every disk is encrypted with the cluster’s key',
    edit(':Volume', 'control-plane-2-etcd', set('encrypted', false)),
  ],
  [
    'a root disk has AWS’ key',
    'every disk is encrypted with the cluster’s key',
    edit(':Instance', 'control-plane-1', set('rootBlockDevice.kmsKeyId', undefined)),
  ],
  [
    'machines of a pool have plain disks',
    'every disk is encrypted with the cluster’s key',
    edit(
      'LaunchTemplate',
      'pool-general',
      set('blockDeviceMappings', [{ deviceName: '/dev/xvda', ebs: { encrypted: 'false' } }]),
    ),
  ],
  [
    'groups may not use the key',
    'groups may use the disks’ key',
    edit(
      ':Key',
      'key-volumes',
      policy((all) => all.splice(1)),
    ),
  ],
  [
    'a bucket has AWS’ key',
    'every bucket is encrypted',
    edit(
      'BucketServerSideEncryptionConfiguration',
      'bucket-backups',
      set('rules', [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }]),
    ),
  ],
  [
    'a bucket is not encrypted',
    'every bucket is encrypted',
    drop('BucketServerSideEncryptionConfiguration', 'bucket-logs'),
  ],
  [
    'a log group is in clear',
    'logs, notices, secrets and the bootstrap token are encrypted',
    edit('LogGroup', 'flow-logs', set('kmsKeyId', undefined)),
  ],
  [
    'a topic is in clear',
    'logs, notices, secrets and the bootstrap token are encrypted',
    edit(':Topic', 'notices', set('kmsMasterKeyId', undefined)),
  ],
  [
    'a secret has AWS’ key',
    'logs, notices, secrets and the bootstrap token are encrypted',
    edit(':Secret', 'control-plane-3', set('kmsKeyId', undefined)),
  ],
  [
    'the bootstrap token is in clear',
    'logs, notices, secrets and the bootstrap token are encrypted',
    edit(':Parameter', 'bootstrap-token', set('type', 'String')),
  ],
  [
    'a key is never rotated',
    'keys get new material every year, and an alias',
    edit(':Key', 'key-secrets', set('enableKeyRotation', false)),
  ],
  ['a key has no alias', 'keys get new material every year, and an alias', drop(':Alias', 'key-secrets')],
  [
    'a host answers IMDSv1',
    'machines have IMDSv2, one hop',
    edit(':Instance', 'control-plane-1', set('metadataOptions.httpTokens', 'optional')),
  ],
  [
    'Pods reach the machine’s role',
    'machines have IMDSv2, one hop',
    edit('LaunchTemplate', 'pool-system', set('metadataOptions.httpPutResponseHopLimit', 2)),
  ],
  ['a host has a key pair', 'nobody comes by SSH', edit(':Instance', 'control-plane-1', set('keyName', 'operators'))],
  [
    'there is a key pair',
    'nobody comes by SSH',
    add('aws:ec2/keyPair:KeyPair', 'operators', {
      tags: { Name: 'x', 'keelson.dev/cluster': 'production', 'keelson.dev/part': 'nodes' },
    }),
  ],
  [
    'public subnets give out addresses',
    'machines have no public address',
    edit(':Subnet', 'public-1', set('mapPublicIpOnLaunch', true)),
  ],
  [
    'machines of a pool ask for a public address',
    'machines have no public address',
    edit(
      'LaunchTemplate',
      'pool-memory',
      ({ inputs }) => ((inputs.networkInterfaces as Record<string, unknown>[])[0]!.associatePublicIpAddress = 'true'),
    ),
  ],
  [
    'a group is in one zone',
    'machines have no public address',
    edit(
      ':Group',
      'pool-general',
      ({ inputs }) => (inputs.vpcZoneIdentifiers = (inputs.vpcZoneIdentifiers as string[]).slice(0, 1)),
    ),
  ],
  ['two subnets share a zone', ZONES, edit(':Subnet', 'database-2', set('availabilityZone', 'eu-central-1a'))],
  ['two subnets overlap', ZONES, edit(':Subnet', 'database-2', set('cidrBlock', '10.0.192.0/21'))],
  ['a subnet is larger than its like', ZONES, edit(':Subnet', 'database-3', set('cidrBlock', '10.0.240.0/20'))],
  [
    'a host has an address of another subnet',
    'hosts are in a zone each, with their address and their disk',
    (graph) =>
      edit(
        'TargetGroupAttachment',
        'api-external-control-plane-2',
        set('targetId', '10.0.0.11'),
      )(
        edit(
          'TargetGroupAttachment',
          'api-internal-control-plane-2',
          set('targetId', '10.0.0.11'),
        )(edit(':NetworkInterface', 'control-plane-2', set('privateIps', ['10.0.0.11']))(graph)),
      ),
  ],
  [
    'a disk is in another zone',
    'hosts are in a zone each, with their address and their disk',
    edit(':Volume', 'control-plane-1-etcd', set('availabilityZone', 'eu-central-1c')),
  ],
  [
    'a private subnet has no route out',
    WAYS,
    edit(':Route', 'private-2-nat', set('destinationCidrBlock', '192.168.0.0/16')),
  ],
  [
    'two zones go out through one gateway',
    WAYS,
    edit(':Route', 'private-2-nat', set('natGatewayId', idOf('aws:ec2/natGateway:NatGateway', 'nat-1'))),
  ],
  ['a subnet is with the main route table', WAYS, drop('RouteTableAssociation', 'private-3')],
  [
    'public subnets have no route to the internet',
    WAYS,
    edit(':Route', 'public-internet', set('gatewayId', undefined)),
  ],
  ['a gateway has no address', WAYS, edit('NatGateway', 'nat-1', set('allocationId', undefined))],
  [
    'databases have a way out',
    'databases have no way out',
    add('aws:ec2/route:Route', 'database-out', {
      routeTableId: idOf('aws:ec2/routeTable:RouteTable', 'database'),
      destinationCidrBlock: '0.0.0.0/0',
    }),
  ],
  [
    'a database subnet is with the main route table',
    'databases have no way out',
    drop('RouteTableAssociation', 'database-2'),
  ],
  [
    'S3 is reached from two zones only',
    INSIDE,
    edit(
      'VpcEndpoint',
      'endpoint-s3',
      ({ inputs }) => (inputs.routeTableIds = without(inputs.routeTableIds, 'private-3')),
    ),
  ],
  ['there is no endpoint for secrets', INSIDE, drop('VpcEndpoint', 'endpoint-secretsmanager')],
  ['an endpoint has no private name', INSIDE, edit('VpcEndpoint', 'endpoint-kms', set('privateDnsEnabled', false))],
  ['an endpoint has the default group', INSIDE, edit('VpcEndpoint', 'endpoint-sts', set('securityGroupIds', []))],
  [
    'a way is closed at its beginning',
    'every way through is open at both ends',
    drop('SecurityGroupEgressRule', 'worker-to-control-plane-tcp-9100'),
  ],
  [
    'a way is closed at its end',
    'every way through is open at both ends',
    drop('SecurityGroupIngressRule', 'worker-to-control-plane-tcp-9100'),
  ],
  [
    'Pods reach the API by its balancer only',
    'what a cluster needs to live is open',
    (graph) =>
      drop(
        'SecurityGroupIngressRule',
        'worker-to-control-plane-tcp-6443',
      )(drop('SecurityGroupEgressRule', 'worker-to-control-plane-tcp-6443')(graph)),
  ],
  [
    'members of etcd do not reach each other',
    'what a cluster needs to live is open',
    (graph) =>
      drop(
        'SecurityGroupIngressRule',
        'control-plane-to-control-plane-tcp-2379',
      )(drop('SecurityGroupEgressRule', 'control-plane-to-control-plane-tcp-2379')(graph)),
  ],
  [
    'a host has another’s profile',
    'every machine acts as a role that has a policy',
    edit(':Instance', 'control-plane-1', set('iamInstanceProfile', 'production-control-plane-2')),
  ],
  [
    'a profile has no role',
    'every machine acts as a role that has a policy',
    edit('InstanceProfile', 'node', set('role', undefined)),
  ],
  [
    'a host reads another’s secret',
    OWN,
    edit(
      'RolePolicy',
      'role-control-plane-1',
      policy(
        (all) =>
          (all.find(({ Action }) => String(Action).startsWith('secretsmanager:'))!.Resource = [
            'arn:aws:mock:eu-central-1:111122223333:aws:secretsmanager/secret:Secret/control-plane-2',
          ] as never),
      ),
    ),
  ],
  [
    'a host reads every secret',
    OWN,
    edit(
      'RolePolicy',
      'role-control-plane-1',
      allow('secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:*'),
    ),
  ],
  [
    'a host reads all bundles',
    OWN,
    edit(
      'RolePolicy',
      'role-control-plane-2',
      allow('s3:GetObject', 'arn:aws:s3:::harbour-production-assets-111122223333/*'),
    ),
  ],
  [
    'a host may delete snapshots',
    'what hosts stored they cannot delete',
    edit(
      'RolePolicy',
      'role-control-plane-1',
      allow(
        's3:DeleteObject',
        'arn:aws:s3:::harbour-production-records-111122223333/production/etcd/control-plane-1/*',
      ),
    ),
  ],
  [
    'a host may undo the lock',
    'what hosts stored they cannot delete',
    edit(
      'RolePolicy',
      'role-control-plane-1',
      allow('s3:BypassGovernanceRetention', 'arn:aws:s3:::harbour-production-records-111122223333/x'),
    ),
  ],
  [
    'machines read a secret',
    WORKERS,
    edit(
      'RolePolicy',
      'role-node',
      allow('secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:x'),
    ),
  ],
  [
    'machines use the key of Secrets',
    WORKERS,
    edit(
      'RolePolicy',
      'role-node',
      allow('kms:Decrypt', 'arn:aws:mock:eu-central-1:111122223333:aws:kms/key:Key/key-secrets'),
    ),
  ],
  [
    'machines read every parameter',
    WORKERS,
    edit('RolePolicy', 'role-node', allow('ssm:GetParameter', 'arn:aws:ssm:eu-central-1:111122223333:parameter/*')),
  ],
  ['a bucket may be opened', CLOSED, edit('BucketPublicAccessBlock', 'bucket-issuer', set('blockPublicPolicy', false))],
  ['a bucket has no access block', CLOSED, drop('BucketPublicAccessBlock', 'bucket-records')],
  [
    'a bucket is not versioned',
    CLOSED,
    edit('BucketVersioning', 'bucket-traces', set('versioningConfiguration.status', 'Suspended')),
  ],
  [
    'a bucket takes plain HTTP',
    CLOSED,
    edit(
      'BucketPolicy',
      'bucket-assets',
      policy((all) => (all[0]!.Condition = {} as never)),
    ),
  ],
  [
    'backups are not locked',
    'what protects backups is locked',
    drop('BucketObjectLockConfiguration', 'bucket-backups'),
  ],
  [
    'snapshots are locked for a day',
    'what protects backups is locked',
    edit('BucketObjectLockConfiguration', 'bucket-records', set('rule.defaultRetention.days', 1)),
  ],
  [
    'old versions stay for ever',
    'nothing in a bucket stays for ever by neglect',
    edit('BucketLifecycleConfiguration', 'bucket-logs', set('rules', [{ status: 'Disabled' }])),
  ],
  [
    'a pool has another size',
    'each node pool has its group and template',
    edit(':Group', 'pool-general', set('maxSize', 3)),
  ],
  [
    'a group has no template',
    'each node pool has its group and template',
    edit(':Group', 'pool-general', set('launchTemplate.id', undefined)),
  ],
  [
    'machines have the default group',
    'each node pool has its group and template',
    edit(
      'LaunchTemplate',
      'pool-system',
      ({ inputs }) => ((inputs.networkInterfaces as Record<string, unknown>[])[0]!.securityGroups = []),
    ),
  ],
  [
    'the autoscaler does not see a group',
    'the autoscaler finds its groups and knows their machines',
    edit(
      ':Group',
      'pool-general',
      ({ inputs }) => (inputs.tags = (inputs.tags as { key: string }[]).filter(({ key }) => !key.endsWith('/enabled'))),
    ),
  ],
  [
    'the autoscaler does not know of a taint',
    'the autoscaler finds its groups and knows their machines',
    edit(
      ':Group',
      'pool-memory',
      ({ inputs }) => (inputs.tags = (inputs.tags as { key: string }[]).filter(({ key }) => !key.includes('/taint/'))),
    ),
  ],
  [
    'each up sets the size back',
    'the autoscaler finds its groups and knows their machines',
    edit(':Group', 'pool-general', ({ options }) => (options.ignoreChanges = [])),
  ],
  [
    'two groups are the controller’s',
    'the cloud controllers find what is theirs',
    edit(
      ':SecurityGroup',
      'group-control-plane',
      ({ inputs }) => ((inputs.tags as Record<string, string>)['kubernetes.io/cluster/production'] = 'owned'),
    ),
  ],
  [
    'no subnet takes public balancers',
    'the cloud controllers find what is theirs',
    edit(
      ':Subnet',
      'public-2',
      ({ inputs }) => delete (inputs.tags as Record<string, string>)['kubernetes.io/role/elb'],
    ),
  ],
  [
    'machines do not carry the cluster’s tag',
    'the cloud controllers find what is theirs',
    edit(':Group', 'pool-system', ({ inputs }) =>
      (inputs.tags as { key: string; propagateAtLaunch: boolean }[]).forEach((tag) => (tag.propagateAtLaunch = false)),
    ),
  ],
  [
    'etcd is on the root disk',
    'etcd’s disk is one of its own that outlives the machine',
    edit(
      ':Instance',
      'control-plane-1',
      ({ inputs }) => (inputs.userData = String(inputs.userData).replace(/^VOLUME=.*\n/m, '')),
    ),
  ],
  [
    'a host has another’s disk',
    'etcd’s disk is one of its own that outlives the machine',
    edit('VolumeAttachment', 'control-plane-1-etcd', set('volumeId', 'vol-control-plane-2-etcd')),
  ],
  [
    'a host’s address goes with the machine',
    'etcd’s disk is one of its own that outlives the machine',
    edit(':Instance', 'control-plane-3', set('primaryNetworkInterface', {})),
  ],
  ['a host that nobody may end', ONE_BY_ONE, edit(':Instance', 'control-plane-2', set('forceDestroy', undefined))],
  [
    'hosts are replaced together',
    ONE_BY_ONE,
    edit(
      ':Instance',
      'control-plane-2',
      ({ options }) => (options.dependsOn = without(options.dependsOn, 'control-plane-1-ready')),
    ),
  ],
  [
    'a host is made before the old one goes',
    ONE_BY_ONE,
    edit(':Instance', 'control-plane-2', ({ options }) => (options.deleteBeforeReplace = false)),
  ],
  [
    'nobody waits for a host',
    ONE_BY_ONE,
    edit(':Association', 'control-plane-1-ready', set('waitForSuccessTimeoutSeconds', undefined)),
  ],
  [
    'a host starts without its keys',
    STARTS,
    edit(
      ':Instance',
      'control-plane-1',
      ({ options }) => (options.dependsOn = without(options.dependsOn, 'HostSecret')),
    ),
  ],
  [
    'a host starts before it may do anything',
    STARTS,
    edit(
      ':Instance',
      'control-plane-1',
      ({ options }) => (options.dependsOn = without(options.dependsOn, 'RolePolicy')),
    ),
  ],
  [
    'machines start before the API',
    STARTS,
    edit(':Group', 'pool-general', ({ options }) => (options.dependsOn = without(options.dependsOn, '-ready'))),
  ],
  [
    'machines start before their way out',
    STARTS,
    edit(':Group', 'pool-general', ({ options }) => (options.dependsOn = without(options.dependsOn, 'private-1-nat'))),
  ],
  [
    'user data is too long',
    'user data is small, and says which bundle by its digest',
    edit(
      ':Instance',
      'control-plane-1',
      ({ inputs }) => (inputs.userData = `${String(inputs.userData)}${'#'.repeat(16_384)}`),
    ),
  ],
  [
    'the bundle is another than the digest says',
    'user data is small, and says which bundle by its digest',
    edit(
      ':BucketObjectv2',
      'bundle-general',
      ({ inputs }) => (inputs.content = `${String(inputs.content)}D 0755 root /extra\n`),
    ),
  ],
  [
    'a key is in user data',
    'no key or certificate passes through Pulumi',
    edit(
      ':Instance',
      'control-plane-1',
      ({ inputs }) => (inputs.userData = `${String(inputs.userData)}\n-----BEGIN EC PRIVATE KEY-----`),
    ),
  ],
  [
    'a key is in a bundle',
    'no key or certificate passes through Pulumi',
    (graph) => {
      const pem = `F 0600 root /etc/x.key ${Buffer.from('-----BEGIN PRIVATE KEY-----').toString('base64')}\n`;
      return add('aws:s3/bucketObjectv2:BucketObjectv2', 'bundle-extra', {
        content: pem,
        tags: { Name: 'x', 'keelson.dev/cluster': 'production', 'keelson.dev/part': 'storage' },
      })(graph);
    },
  ],
  [
    'a secret’s value is a resource',
    'no key or certificate passes through Pulumi',
    add('aws:secretsmanager/secretVersion:SecretVersion', 'x', {
      tags: { Name: 'x', 'keelson.dev/cluster': 'production', 'keelson.dev/part': 'keys' },
    }),
  ],
  [
    'IAM trusts another issuer',
    ISSUER,
    edit('OpenIdConnectProvider', 'issuer', set('url', 'https://oidc.example.com')),
  ],
  [
    'any distribution reads the documents',
    ISSUER,
    edit(
      'BucketPolicy',
      'bucket-issuer',
      policy((all) => (all[1]!.Condition = {} as never)),
    ),
  ],
  [
    'CloudFront reads without saying who it is',
    ISSUER,
    edit(
      ':Distribution',
      'issuer',
      ({ inputs }) => delete (inputs.origins as Record<string, unknown>[])[0]!.originAccessControlId,
    ),
  ],
  [
    'the certificate is in another region',
    ISSUER,
    edit('CertificateValidation', 'issuer', set('region', 'eu-central-1')),
  ],
  [
    'IAM asks too early',
    ISSUER,
    edit(
      'OpenIdConnectProvider',
      'issuer',
      ({ options }) => (options.dependsOn = without(options.dependsOn, 'issuer-keys')),
    ),
  ],
  [
    'another ServiceAccount acts for Velero',
    'every add-on that acts in the cloud has its role',
    edit(
      ':Role',
      'role-velero',
      ({ inputs }) => (inputs.assumeRolePolicy = String(inputs.assumeRolePolicy).replace(':velero-server', ':default')),
    ),
  ],
  [
    'a role has another name than charts know',
    'every add-on that acts in the cloud has its role',
    (graph) =>
      edit('RolePolicy', 'role-loki', set('role', 'loki'))(edit(':Role', 'role-loki', set('name', 'loki'))(graph)),
  ],
  [
    'etcd’s disk can be deleted by accident',
    KEPT,
    edit(':Volume', 'control-plane-1-etcd', ({ options }) => (options.protect = false)),
  ],
  ['a key can be deleted by accident', KEPT, edit(':Key', 'key-secrets', ({ options }) => (options.protect = false))],
  [
    'backups go with the stack',
    KEPT,
    edit(':Bucket', 'bucket-backups', ({ options }) => (options.retainOnDelete = false)),
  ],
  [
    'the balancer can be deleted by accident',
    KEPT,
    edit('LoadBalancer', 'api-internal', set('enableDeletionProtection', false)),
  ],
  [
    'a resource has no tags',
    'everything that can be is tagged with its cluster and its name',
    edit(':NatGateway', 'nat-1', set('tags', undefined)),
  ],
  [
    'machines do not see the API’s name',
    'the API’s name leads to the right balancer inside and outside',
    edit(':Zone', 'zone-api', set('vpcs', [])),
  ],
  [
    'inside, the name is the public balancer',
    'the API’s name leads to the right balancer inside and outside',
    edit(':Record', 'api-internal', set('aliases', [{ name: 'api-external.elb.eu-central-1.amazonaws.com' }])),
  ],
  [
    'budgets may not send',
    'AWS itself tells people what is wrong',
    edit(
      ':TopicPolicy',
      'notices',
      policy((all) => (all[0]!.Principal = { Service: 'cloudwatch.amazonaws.com' } as never)),
    ),
  ],
  [
    'machines of a pool are not counted',
    'AWS itself tells people what is wrong',
    edit(':Group', 'pool-general', set('enabledMetrics', [])),
  ],
  [
    'an alarm counts by balancer alone',
    'AWS itself tells people what is wrong',
    edit('MetricAlarm', 'api-unhealthy', set('dimensions', { LoadBalancer: 'x' })),
  ],
  [
    'any account may use a key',
    'keys and topics serve nobody outside the account',
    edit(
      ':Key',
      'key-buckets',
      policy((all) =>
        all.push({
          Effect: 'Allow',
          Principal: { AWS: '*' },
          Action: 'kms:Decrypt',
          Resource: '*',
        } as unknown as Loose),
      ),
    ),
  ],
  [
    'anybody sends notices',
    'keys and topics serve nobody outside the account',
    edit(
      ':TopicPolicy',
      'notices',
      policy((all) => (all[0]!.Condition = {} as never)),
    ),
  ],
  [
    'an alarm tells nobody',
    'AWS itself tells people what is wrong',
    edit('MetricAlarm', 'snapshots-missing', set('alarmActions', [])),
  ],
  ['nobody hears alarms', 'AWS itself tells people what is wrong', drop('TopicSubscription', 'notices-contact')],
  [
    'missing snapshots are not noticed',
    'AWS itself tells people what is wrong',
    drop('MetricAlarm', 'snapshots-missing'),
  ],
  [
    'a bucket with old bundles in it cannot go',
    'what is taken down on purpose goes with what others put into it',
    edit('s3/bucket:Bucket', 'bucket-assets', set('forceDestroy', false)),
  ],
  [
    'a zone with records of external-dns in it cannot go',
    'what is taken down on purpose goes with what others put into it',
    edit(':Zone', 'zone', set('forceDestroy', false)),
  ],
  ['the budget counts the whole account', 'the month has a limit', edit(':Budget', 'month', set('costFilters', []))],
  ['only refused traffic is logged', 'traffic is logged', edit('FlowLog', 'flow-logs', set('trafficType', 'REJECT'))],
  [
    'any account would do',
    'no other account can be meant',
    edit('providers:aws', 'aws', set('allowedAccountIds', undefined)),
  ],
];

export const MUTANTS: readonly Mutant[] = TABLE.map(([defect, caughtBy, plant]) => ({ defect, caughtBy, plant }));
