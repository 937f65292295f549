import { createHash } from 'node:crypto';
import { UNRESTRICTED } from '../../../infra/aws/iam';
import { arnOf, type Graph, type GraphNode } from './aws-graph';
import { CLUSTER, IDENTITIES, OFFICE } from './aws-props';
import { all, bounds, field, list, one, refers, rolePolicies, statements, text, unless } from './aws-query';

/** What is wrong with a graph, a sentence each; none where it holds. */
export type Assertion = (graph: Graph) => readonly string[];

const HOSTS = ['control-plane-1', 'control-plane-2', 'control-plane-3'];
const ZONES = ['1', '2', '3'];
const ENDPOINTS = [
  'autoscaling',
  'ec2',
  'ec2messages',
  'ecr-api',
  'ecr-dkr',
  'kms',
  'logs',
  'secretsmanager',
  'ssm',
  'ssmmessages',
  'sts',
];
/** Ways through that a cluster cannot live without: from, to, protocol, port. */
const EDGES = [
  ['worker', 'balancer', 'tcp', 6443],
  ['control-plane', 'balancer', 'tcp', 6443],
  ['balancer', 'control-plane', 'tcp', 6443],
  ['public-balancer', 'control-plane', 'tcp', 6443],
  ['worker', 'control-plane', 'tcp', 6443],
  ['control-plane', 'control-plane', 'tcp', 6443],
  ['control-plane', 'control-plane', 'tcp', 2379],
  ['control-plane', 'worker', 'tcp', 10250],
  ['worker', 'worker', 'tcp', 10250],
  ['control-plane', 'worker', 'udp', 8472],
  ['worker', 'control-plane', 'udp', 8472],
  ['worker', 'worker', 'udp', 51871],
  ['worker', 'control-plane', 'tcp', 11381],
  ['control-plane', 'endpoints', 'tcp', 443],
  ['worker', 'endpoints', 'tcp', 443],
  ['worker', 'database', 'tcp', 5432],
] as const;

const machines = (graph: Graph) => [...all(graph, 'Instance'), ...all(graph, 'LaunchTemplate')];
const group = (graph: Graph, role: string) => one(graph, 'SecurityGroup', `group-${role}`);
const subnets = (graph: Graph, kind: string) => ZONES.map((zone) => one(graph, 'Subnet', `${kind}-${zone}`));
const ids = (nodes: readonly (GraphNode | undefined)[]) => nodes.map((node) => node?.id);
const same = (a: readonly unknown[], b: readonly unknown[]) =>
  JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());
const userDataOf = (node: GraphNode) =>
  node.type.endsWith(':LaunchTemplate')
    ? Buffer.from(text(node, 'userData'), 'base64').toString('utf8')
    : text(node, 'userData');
const bucketNames = (graph: Graph) => all(graph, 's3:Bucket').map(({ name }) => name);
/** For each bucket the resource of that kind that belongs to it. */
const perBucket = (graph: Graph, kind: string, check: (node: GraphNode, name: string) => readonly string[]) =>
  bucketNames(graph).flatMap((name) => {
    const node = all(graph, kind).find((each) => refers(each, 'bucket', one(graph, 's3:Bucket', name)));
    return node ? check(node, name) : [`${name} has no ${kind}`];
  });
const tagsOf = (node: GraphNode): Readonly<Record<string, string>> => {
  const given = field(node, 'tags');
  if (!Array.isArray(given)) return (given ?? {}) as Record<string, string>;
  return Object.fromEntries((given as { key: string; value: string }[]).map(({ key, value }) => [key, value]));
};

/** Types that AWS, or the provider, gives no tags. */
const UNTAGGED =
  /Association$|Attachment$|bucket(?!objectv2|:bucket$)|RolePolicy|Alias|Record$|route:Route$|Validation$|OriginAccessControl|TopicSubscription|TopicPolicy|^keelson|^pulumi/i;

/** Each by what it holds. */
export const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  'only the allowed sources come in from outside, and only to the public balancer': (graph) => [
    ...all(graph, 'SecurityGroupIngressRule').flatMap((rule) => {
      const from = [text(rule, 'cidrIpv4'), text(rule, 'cidrIpv6'), text(rule, 'prefixListId')].filter(Boolean);
      if (from.length === 0) return [];
      const allowed =
        refers(rule, 'securityGroupId', group(graph, 'public-balancer')) &&
        from.every((range) => OFFICE.includes(range));
      return unless(allowed, `${rule.name} lets ${from.join()} in`);
    }),
    ...[...all(graph, 'SecurityGroup'), ...all(graph, 'DefaultSecurityGroup')].flatMap((node) =>
      unless(list(node, 'ingress').length === 0, `${node.name} has rules of its own`),
    ),
    ...unless(all(graph, 'DefaultSecurityGroup').length === 1, 'the default security group is left open'),
  ],

  'balancers stand where they belong, behind their security groups': (graph) =>
    all(graph, 'LoadBalancer').flatMap((node) => {
      const internal = field(node, 'internal') === true;
      return [
        ...unless(
          same(list(node, 'subnets'), ids(subnets(graph, internal ? 'private' : 'public'))),
          `${node.name} is in other subnets`,
        ),
        ...unless(
          refers(node, 'securityGroups', group(graph, internal ? 'balancer' : 'public-balancer')),
          `${node.name} lacks its security group`,
        ),
      ];
    }),

  'every API server is behind every balancer, and asked for its health': (graph) =>
    all(graph, 'LoadBalancer').flatMap(({ name, ...node }) => {
      const targets = one(graph, 'TargetGroup', name);
      const addresses = HOSTS.map((host) => list(one(graph, 'NetworkInterface', host), 'privateIps')[0]);
      const attached = all(graph, 'TargetGroupAttachment').filter((each) => refers(each, 'targetGroupArn', targets));
      const listener = all(graph, 'Listener').find((each) => refers(each, 'loadBalancerArn', { ...node, name }));
      const action = list<{ targetGroupArn: string }>(listener, 'defaultActions')[0];
      return [
        ...unless(
          same(
            attached.map((each) => text(each, 'targetId')),
            addresses,
          ),
          `${name} lacks a host`,
        ),
        ...unless(
          text(targets, 'healthCheck.path') === '/readyz' && text(targets, 'healthCheck.protocol') === 'HTTPS',
          `${name} asks nobody whether he is ready`,
        ),
        ...unless(
          targets !== undefined && action?.targetGroupArn === arnOf(targets.type, name),
          `${name} leads nowhere`,
        ),
      ];
    }),

  'actions of policies are written out': (graph) =>
    ['RolePolicy', 'kms:Key', 'BucketPolicy'].flatMap((type) =>
      all(graph, type).flatMap((node) =>
        statements(text(node, 'policy'))
          .filter(({ effect }) => effect === 'Allow')
          .flatMap(({ actions }) => actions.filter((action) => action.includes('*')))
          .map((action) => `${node.name} allows ${action}`),
      ),
    ),

  'every resource is allowed only where AWS has none to name': (graph) =>
    rolePolicies(graph).flatMap(({ name, statements: each }) =>
      each
        .filter(({ resources }) => resources.includes('*'))
        .flatMap(({ actions }) => actions.filter((action) => !(action in UNRESTRICTED)))
        .map((action) => `${name} allows ${action} on everything`),
    ),

  'roles trust one service or one ServiceAccount': (graph) =>
    all(graph, 'Role').flatMap((node) =>
      statements(text(node, 'assumeRolePolicy')).flatMap(({ actions, principals, conditions }) => {
        if (principals.some((who) => who.includes('*') || who.endsWith(':root')))
          return [`${node.name} trusts anybody`];
        if (!actions.includes('sts:AssumeRoleWithWebIdentity')) return [];
        const exact = Object.entries(conditions.StringEquals ?? {});
        const says = (claim: string) => exact.find(([key]) => key === `oidc.${CLUSTER.domain}:${claim}`)?.[1];
        return unless(
          says('aud') === 'sts.amazonaws.com' &&
            /^system:serviceaccount:[a-z0-9-]+:[a-z0-9.-]+$/.test(String(says('sub'))),
          `${node.name} trusts more than one ServiceAccount`,
        );
      }),
    ),

  'every disk is encrypted with the cluster’s key': (graph) => {
    const key = one(graph, 'kms:Key', 'key-volumes');
    const arn = key && arnOf(key.type, key.name);
    return [
      ...all(graph, 'Volume').flatMap((node) =>
        unless(field(node, 'encrypted') === true && field(node, 'kmsKeyId') === arn, `${node.name} is not`),
      ),
      ...all(graph, 'Instance').flatMap((node) =>
        unless(
          field(node, 'rootBlockDevice.encrypted') === true && field(node, 'rootBlockDevice.kmsKeyId') === arn,
          `the root of ${node.name} is not`,
        ),
      ),
      ...all(graph, 'LaunchTemplate').flatMap((node) => {
        const disks = list<{ ebs?: { encrypted?: string; kmsKeyId?: string } }>(node, 'blockDeviceMappings');
        return unless(
          disks.length > 0 && disks.every(({ ebs }) => ebs?.encrypted === 'true' && ebs.kmsKeyId === arn),
          `disks of ${node.name} are not`,
        );
      }),
    ];
  },

  'groups may use the disks’ key': (graph) =>
    unless(
      statements(text(one(graph, 'kms:Key', 'key-volumes'), 'policy')).some(
        ({ actions, conditions }) =>
          String(conditions.StringEquals?.['aws:PrincipalArn']).endsWith('/AWSServiceRoleForAutoScaling') &&
          actions.includes('kms:CreateGrant'),
      ),
      'machines of groups could not start',
    ),

  'keys and topics serve nobody outside the account': (graph) =>
    [...all(graph, 'kms:Key'), ...all(graph, 'TopicPolicy')].flatMap((node) =>
      statements(text(node, 'policy')).flatMap(({ principals, conditions }) => {
        const said = JSON.stringify(conditions);
        const own = principals.every((who) => who === `arn:aws:iam::${CLUSTER.accountId}:root`);
        return unless(own || said.includes(CLUSTER.accountId!), `${node.name} serves ${principals.join()}`);
      }),
    ),

  'every bucket is encrypted': (graph) =>
    perBucket(graph, 'BucketServerSideEncryptionConfiguration', (node, name) => {
      const rule = list<{ applyServerSideEncryptionByDefault?: { sseAlgorithm: string; kmsMasterKeyId?: string } }>(
        node,
        'rules',
      )[0]?.applyServerSideEncryptionByDefault;
      const key = one(graph, 'kms:Key', 'key-buckets');
      const own = rule?.sseAlgorithm === 'aws:kms' && rule.kmsMasterKeyId === (key && arnOf(key.type, key.name));
      return unless(
        own || (name === 'bucket-issuer' && rule?.sseAlgorithm === 'AES256'),
        `${name} is not encrypted with its key`,
      );
    }),

  'logs, notices, secrets and the bootstrap token are encrypted': (graph) => [
    ...all(graph, 'LogGroup').flatMap((node) =>
      unless(refers(node, 'kmsKeyId', one(graph, 'kms:Key', 'key-logs')), `${node.name} is not`),
    ),
    ...all(graph, 'Topic').flatMap((node) =>
      unless(refers(node, 'kmsMasterKeyId', one(graph, 'kms:Key', 'key-notices')), `${node.name} is not`),
    ),
    ...all(graph, 'Secret').flatMap((node) =>
      unless(refers(node, 'kmsKeyId', one(graph, 'kms:Key', 'key-hosts')), `${node.name} is not`),
    ),
    ...unless(
      text(one(graph, 'Parameter', 'bootstrap-token'), 'type') === 'SecureString',
      'the bootstrap token is not',
    ),
  ],

  'keys get new material every year, and an alias': (graph) =>
    all(graph, 'kms:Key').flatMap((node) => [
      ...unless(field(node, 'enableKeyRotation') === true, `${node.name} stays as it is`),
      ...unless(
        all(graph, 'Alias').some((alias) => refers(alias, 'targetKeyId', node)),
        `${node.name} has no alias`,
      ),
    ]),

  'machines have IMDSv2, one hop': (graph) =>
    machines(graph).flatMap((node) =>
      unless(
        text(node, 'metadataOptions.httpTokens') === 'required' &&
          field(node, 'metadataOptions.httpPutResponseHopLimit') === 1,
        `${node.name} hands its role to whoever asks`,
      ),
    ),

  'nobody comes by SSH': (graph) => [
    ...machines(graph).flatMap((node) => unless(field(node, 'keyName') === undefined, `${node.name} has a key pair`)),
    ...all(graph, 'SecurityGroupIngressRule').flatMap((rule) => {
      const [from, to] = [Number(field(rule, 'fromPort')), Number(field(rule, 'toPort'))];
      const reached =
        text(rule, 'ipProtocol') === '-1' || (text(rule, 'ipProtocol') === 'tcp' && from <= 22 && to >= 22);
      return unless(!reached, `${rule.name} opens port 22`);
    }),
    ...all(graph, 'KeyPair').map(({ name }) => `there is a key pair ${name}`),
  ],

  'machines have no public address': (graph) => [
    ...all(graph, 'Subnet').flatMap((node) =>
      unless(field(node, 'mapPublicIpOnLaunch') === false, `${node.name} gives out public addresses`),
    ),
    ...all(graph, 'NetworkInterface').flatMap((node) =>
      unless(
        subnets(graph, 'private').some((subnet) => refers(node, 'subnetId', subnet)),
        `${node.name} is in no private subnet`,
      ),
    ),
    ...all(graph, 'LaunchTemplate').flatMap((node) =>
      list<{ associatePublicIpAddress?: string }>(node, 'networkInterfaces').flatMap((each) =>
        unless(each.associatePublicIpAddress === 'false', `${node.name} asks for a public address`),
      ),
    ),
    ...all(graph, 'autoscaling:Group').flatMap((node) =>
      unless(
        same(list(node, 'vpcZoneIdentifiers'), ids(subnets(graph, 'private'))),
        `${node.name} is not in the three private subnets`,
      ),
    ),
  ],

  'subnets lie in three zones, alike and apart': (graph) => {
    const every = ['public', 'private', 'database'].flatMap((kind) => subnets(graph, kind));
    const ranges = every.map((node) => bounds(text(node, 'cidrBlock')));
    const [first, last] = bounds(text(one(graph, 'Vpc', 'vpc'), 'cidrBlock'));
    return [
      ...['public', 'private', 'database'].flatMap((kind) => [
        ...unless(
          new Set(subnets(graph, kind).map((node) => text(node, 'availabilityZone'))).size === 3,
          `${kind} subnets share a zone`,
        ),
        ...unless(
          new Set(subnets(graph, kind).map((node) => text(node, 'cidrBlock').split('/')[1])).size === 1,
          `${kind} subnets differ in size`,
        ),
      ]),
      ...unless(
        ranges.every(([a, b]) => a >= first && b <= last),
        'a subnet is outside the network',
      ),
      ...unless(
        ranges.every(([a, b], i) => ranges.every(([c, d], j) => i === j || b < c || d < a)),
        'two subnets overlap',
      ),
    ];
  },

  'hosts are in a zone each, with their address and their disk': (graph) => {
    const zones = HOSTS.map((host) => {
      const subnet = all(graph, 'Subnet').find((each) =>
        refers(one(graph, 'NetworkInterface', host)!, 'subnetId', each),
      );
      const [first, last] = bounds(text(subnet, 'cidrBlock') || '0.0.0.0/32');
      const [address] = bounds(`${list(one(graph, 'NetworkInterface', host), 'privateIps')[0]}/32`);
      return {
        zone: text(subnet, 'availabilityZone'),
        wrong: [
          ...unless(address >= first && address <= last, `${host} has an address of another subnet`),
          ...unless(
            text(one(graph, 'Volume', `${host}-etcd`), 'availabilityZone') === text(subnet, 'availabilityZone'),
            `the disk of ${host} is in another zone`,
          ),
        ],
      };
    });
    return [
      ...zones.flatMap(({ wrong }) => wrong),
      ...unless(new Set(zones.map(({ zone }) => zone)).size === 3, 'two hosts share a zone'),
    ];
  },

  'every private subnet has a way out through its own zone': (graph) =>
    ZONES.flatMap((zone) => {
      const table = tableOf(graph, one(graph, 'Subnet', `private-${zone}`));
      const route = all(graph, 'Route').find(
        (each) => refers(each, 'routeTableId', table) && text(each, 'destinationCidrBlock') === '0.0.0.0/0',
      );
      const nat = all(graph, 'NatGateway').find((each) => route && refers(route, 'natGatewayId', each));
      const stands = all(graph, 'Subnet').find((each) => nat && refers(nat, 'subnetId', each));
      const out = all(graph, 'Route').find((each) => refers(each, 'routeTableId', tableOf(graph, stands)));
      return [
        ...unless(stands?.name === `public-${zone}`, `machines of zone ${zone} do not go out through their zone`),
        ...unless(
          out !== undefined && refers(out, 'gatewayId', all(graph, 'InternetGateway')[0]),
          `the gateway of zone ${zone} reaches no internet`,
        ),
        ...unless(
          nat !== undefined && all(graph, 'Eip').some((each) => refers(nat, 'allocationId', each)),
          `the gateway of zone ${zone} has no address`,
        ),
      ];
    }),

  'databases have no way out': (graph) =>
    subnets(graph, 'database').flatMap((subnet) => {
      const table = tableOf(graph, subnet);
      return [
        ...unless(table !== undefined, `${subnet?.name} has the main route table`),
        ...unless(
          !all(graph, 'Route').some((each) => refers(each, 'routeTableId', table)),
          `${subnet?.name} has a route`,
        ),
      ];
    }),

  'services of AWS are reached from inside': (graph) => {
    const s3 = one(graph, 'VpcEndpoint', 'endpoint-s3');
    return [
      ...ZONES.flatMap((zone) =>
        unless(
          s3 !== undefined && refers(s3, 'routeTableIds', one(graph, 'RouteTable', `private-${zone}`)),
          `S3 is not reached from zone ${zone}`,
        ),
      ),
      ...ENDPOINTS.flatMap((service) => {
        const node = one(graph, 'VpcEndpoint', `endpoint-${service}`);
        if (!node) return [`${service} is not reached from inside`];
        const whole =
          same(list(node, 'subnetIds'), ids(subnets(graph, 'private'))) &&
          refers(node, 'securityGroupIds', group(graph, 'endpoints')) &&
          field(node, 'privateDnsEnabled') === true;
        return unless(whole, `${service} is not reached from everywhere by its name`);
      }),
    ];
  },

  'every way through is open at both ends': (graph) => [
    ...unmatched(graph, 'SecurityGroupEgressRule', 'SecurityGroupIngressRule'),
    ...unmatched(graph, 'SecurityGroupIngressRule', 'SecurityGroupEgressRule'),
  ],

  'what a cluster needs to live is open': (graph) =>
    EDGES.flatMap(([from, to, protocol, port]) =>
      unless(
        all(graph, 'SecurityGroupIngressRule').some(
          (rule) =>
            refers(rule, 'securityGroupId', group(graph, to)) &&
            refers(rule, 'referencedSecurityGroupId', group(graph, from)) &&
            text(rule, 'ipProtocol') === protocol &&
            Number(field(rule, 'fromPort')) <= port &&
            Number(field(rule, 'toPort')) >= port,
        ),
        `${from} does not reach ${to} by ${protocol} ${port}`,
      ),
    ),

  'every machine acts as a role that has a policy': (graph) => {
    const ofProfile = (profile: GraphNode | undefined) =>
      all(graph, 'Role').find((role) => text(role, 'name') === text(profile, 'role'));
    const profiles = all(graph, 'InstanceProfile');
    return machines(graph).flatMap((node) => {
      const profile = profiles.find(
        (each) =>
          text(each, 'name') === text(node, 'iamInstanceProfile') || refers(node, 'iamInstanceProfile.arn', each),
      );
      const role = ofProfile(profile);
      const trusted = role !== undefined && text(role, 'assumeRolePolicy').includes('ec2.amazonaws.com');
      const granted = all(graph, 'RolePolicy').some(
        (policy) => text(policy, 'role') === text(role, 'name') && role !== undefined,
      );
      const own = !node.type.endsWith(':Instance') || text(role, 'name') === `${CLUSTER.name}-${node.name}`;
      return unless(trusted && granted && own, `${node.name} has no role of its own with a policy`);
    });
  },

  'a host reads its own secret and its own files': (graph) =>
    HOSTS.flatMap((host) => {
      const policy = rolePolicies(graph).find(({ name }) => name === `role-${host}`);
      const secret = one(graph, 'Secret', host);
      const secrets = (policy?.statements ?? []).filter(({ actions }) =>
        actions.some((action) => action.startsWith('secretsmanager:')),
      );
      const others = HOSTS.filter((other) => other !== host);
      const resources = (policy?.statements ?? []).flatMap((each) => each.resources);
      const assets = resources.filter((resource) => resource.includes('-assets-') && resource.includes('/'));
      return [
        ...unless(
          secrets.length === 1 && secret !== undefined && same(secrets[0]!.resources, [arnOf(secret.type, host)]),
          `${host} reads other secrets than its own`,
        ),
        ...unless(
          !resources.some((resource) => others.some((other) => resource.includes(other))),
          `${host} reaches what is another host's`,
        ),
        ...unless(
          assets.every((resource) => resource.endsWith(`/hosts/${host}/*`) || resource.endsWith('/engines/*')),
          `${host} reads other files than its own`,
        ),
      ];
    }),

  'what hosts stored they cannot delete': (graph) =>
    rolePolicies(graph)
      .filter(({ name }) => /^role-(control-plane-\d|node)$/.test(name))
      .flatMap(({ name, statements: each }) =>
        each
          .flatMap(({ actions }) =>
            actions.filter((action) => /Delete(?!Message)|Bypass|PutBucket|PutObjectRetention/.test(action)),
          )
          .map((action) => `${name} may ${action}`),
      ),

  'machines of pools read no secret': (graph) => {
    const policy = rolePolicies(graph).find(({ name }) => name === 'role-node');
    const parameters = (policy?.statements ?? []).filter(({ actions }) =>
      actions.some((action) => action.startsWith('ssm:GetParameter')),
    );
    const secrets = one(graph, 'kms:Key', 'key-secrets');
    return [
      ...(policy?.statements ?? []).flatMap(({ actions, resources }) => [
        ...actions
          .filter(
            (action) => action.startsWith('secretsmanager:') || action.startsWith('iam:') || action.startsWith('sts:'),
          )
          .map((action) => `may ${action}`),
        ...unless(
          !resources.includes(secrets ? arnOf(secrets.type, secrets.name) : ''),
          'uses the key of Kubernetes Secrets',
        ),
        ...resources.filter((resource) => resource.includes('/hosts/')).map((resource) => `reads ${resource}`),
      ]),
      ...parameters.flatMap(({ actions, resources }) =>
        unless(
          same(actions, ['ssm:GetParameter']) &&
            resources.every((resource) => /:parameter\/keelson\/production\/(bootstrap-token|trust)$/.test(resource)),
          'reads other parameters than those to join by',
        ),
      ),
    ];
  },

  'buckets are closed to the public, versioned and refuse plain HTTP': (graph) => [
    ...perBucket(graph, 'BucketPublicAccessBlock', (node, name) =>
      unless(
        ['blockPublicAcls', 'blockPublicPolicy', 'ignorePublicAcls', 'restrictPublicBuckets'].every(
          (key) => field(node, key) === true,
        ),
        `${name} may be opened to the public`,
      ),
    ),
    ...perBucket(graph, 'BucketVersioning', (node, name) =>
      unless(text(node, 'versioningConfiguration.status') === 'Enabled', `${name} is not versioned`),
    ),
    ...perBucket(graph, 'BucketOwnershipControls', (node, name) =>
      unless(text(node, 'rule.objectOwnership') === 'BucketOwnerEnforced', `${name} has ACLs`),
    ),
    ...perBucket(graph, 'BucketPolicy', (node, name) =>
      unless(
        statements(text(node, 'policy')).some(
          ({ effect, conditions }) => effect === 'Deny' && conditions.Bool?.['aws:SecureTransport'] === 'false',
        ),
        `${name} takes plain HTTP`,
      ),
    ),
  ],

  'what protects backups is locked': (graph) =>
    ['bucket-backups', 'bucket-records'].flatMap((name) => {
      const lock = one(graph, 'BucketObjectLockConfiguration', name);
      return unless(
        field(one(graph, 's3:Bucket', name), 'objectLockEnabled') === true &&
          Number(field(lock, 'rule.defaultRetention.days')) >= 30,
        `${name} is not locked for thirty days`,
      );
    }),

  'nothing in a bucket stays for ever by neglect': (graph) =>
    perBucket(graph, 'BucketLifecycleConfiguration', (node, name) => {
      const rules = list<{
        abortIncompleteMultipartUpload?: object;
        noncurrentVersionExpiration?: object;
        status: string;
      }>(node, 'rules');
      return unless(
        rules.some(
          (rule) =>
            rule.status === 'Enabled' && rule.abortIncompleteMultipartUpload && rule.noncurrentVersionExpiration,
        ),
        `${name} keeps old versions for ever`,
      );
    }),

  'each node pool has its group and template': (graph) =>
    CLUSTER.nodePools.flatMap((pool) => {
      const node = one(graph, 'autoscaling:Group', `pool-${pool.name}`);
      const template = one(graph, 'LaunchTemplate', `pool-${pool.name}`);
      return [
        ...unless(
          field(node, 'minSize') === pool.minimum && field(node, 'maxSize') === pool.maximum,
          `${pool.name} has another size`,
        ),
        ...unless(
          template !== undefined && text(node, 'launchTemplate.id') === template.id,
          `${pool.name} has no template`,
        ),
        ...unless(text(template, 'instanceType') === pool.instanceType, `${pool.name} has other machines`),
        ...unless(
          list<{ securityGroups: string[] }>(template, 'networkInterfaces')[0]?.securityGroups[0] ===
            group(graph, 'worker')?.id,
          `${pool.name} lacks the security group`,
        ),
      ];
    }),

  'the autoscaler finds its groups and knows their machines': (graph) =>
    CLUSTER.nodePools.flatMap((pool) => {
      const node = one(graph, 'autoscaling:Group', `pool-${pool.name}`);
      const given = node ? tagsOf(node) : {};
      const prefix = 'k8s.io/cluster-autoscaler';
      return [
        ...unless(
          given[`${prefix}/enabled`] === 'true' && given[`${prefix}/${CLUSTER.name}`] === 'owned',
          `${pool.name} is not found`,
        ),
        ...Object.entries(pool.labels).flatMap(([key, value]) =>
          unless(given[`${prefix}/node-template/label/${key}`] === value, `${pool.name} lacks label ${key}`),
        ),
        ...pool.taints.flatMap(({ key, value, effect }) =>
          unless(
            given[`${prefix}/node-template/taint/${key}`] === `${value}:${effect}`,
            `${pool.name} lacks taint ${key}`,
          ),
        ),
        ...unless(
          node?.options.ignoreChanges.includes('desiredCapacity') === true,
          `${pool.name} is set back to its minimum by each up`,
        ),
      ];
    }),

  'the cloud controllers find what is theirs': (graph) => {
    const owned = `kubernetes.io/cluster/${CLUSTER.name}`;
    const propagated = (node: GraphNode) =>
      list<{ key: string; propagateAtLaunch: boolean }>(node, 'tags').some(
        ({ key, propagateAtLaunch }) => key === owned && propagateAtLaunch,
      );
    return [
      ...subnets(graph, 'public').flatMap((node) =>
        unless(
          node !== undefined && tagsOf(node)['kubernetes.io/role/elb'] === '1',
          `${node?.name} takes no public balancers`,
        ),
      ),
      ...subnets(graph, 'private').flatMap((node) =>
        unless(
          node !== undefined && tagsOf(node)['kubernetes.io/role/internal-elb'] === '1',
          `${node?.name} takes no internal balancers`,
        ),
      ),
      ...all(graph, 'Instance').flatMap((node) => unless(tagsOf(node)[owned] === 'owned', `${node.name} is not found`)),
      ...all(graph, 'autoscaling:Group').flatMap((node) =>
        unless(propagated(node), `machines of ${node.name} are not found`),
      ),
      ...unless(
        all(graph, 'SecurityGroup').filter((node) => tagsOf(node)[owned]).length === 1,
        'not exactly one security group is the controller’s',
      ),
    ];
  },

  'etcd’s disk is one of its own that outlives the machine': (graph) =>
    HOSTS.flatMap((host) => {
      const instance = one(graph, 'Instance', host);
      const volume = one(graph, 'Volume', `${host}-etcd`);
      const attachment = all(graph, 'VolumeAttachment').find((each) => refers(each, 'instanceId', instance));
      return [
        ...unless(
          attachment !== undefined && volume !== undefined && refers(attachment, 'volumeId', volume),
          `${host} has no disk for etcd`,
        ),
        ...unless(text(instance, 'userData').includes(`VOLUME=${volume?.id}\n`), `${host} does not mount its disk`),
        ...unless(
          text(instance, 'primaryNetworkInterface.networkInterfaceId') === one(graph, 'NetworkInterface', host)?.id,
          `${host} has an address of the machine’s`,
        ),
      ];
    }),

  'hosts are replaced one by one': (graph) =>
    HOSTS.flatMap((host, index) => {
      const instance = one(graph, 'Instance', host);
      const ready = one(graph, 'ssm:Association', `${host}-ready`);
      const next = one(graph, 'Instance', HOSTS[index + 1] ?? '');
      const target = list<{ values: string[] }>(ready, 'targets')[0]?.values[0];
      return [
        ...unless(instance?.options.deleteBeforeReplace === true, `${host} would need its address twice`),
        ...unless(
          field(instance, 'disableApiTermination') !== true || field(instance, 'forceDestroy') === true,
          `AWS refuses to end ${host}`,
        ),
        ...unless(
          ready !== undefined && target === instance?.id && Number(field(ready, 'waitForSuccessTimeoutSeconds')) > 0,
          `nobody waits for ${host}`,
        ),
        ...unless(
          ready?.options.dependsOn.includes(one(graph, 'VolumeAttachment', `${host}-etcd`)?.id ?? '') === true,
          `${host} is asked before it has its disk`,
        ),
        ...(next
          ? unless(next.options.dependsOn.includes(ready?.id ?? ''), `${next.name} does not wait for ${host}`)
          : []),
      ];
    }),

  'machines start when what they need is there': (graph) =>
    [...all(graph, 'Instance'), ...all(graph, 'autoscaling:Group')].flatMap((node) => {
      const waits = node.options.dependsOn;
      const own = node.type.endsWith(':Instance')
        ? [
            one(graph, 'HostSecret', node.name),
            one(graph, 'RolePolicy', `role-${node.name}`),
            one(graph, 'BucketObjectv2', `bundle-${node.name}`),
          ]
        : [
            one(graph, 'ssm:Association', `${HOSTS.at(-1)}-ready`),
            one(graph, 'RolePolicy', 'role-node'),
            one(graph, 'BucketObjectv2', `bundle-${node.name.slice('pool-'.length)}`),
          ];
      const needed = [
        ...all(graph, 'VpcEndpoint'),
        ...all(graph, 'Route').filter(({ name }) => name.startsWith('private-')),
        ...all(graph, 'BucketObjectv2').filter(({ name }) => name.startsWith('engine-')),
        ...own,
      ];
      return needed.flatMap((each) =>
        unless(
          each !== undefined && waits.includes(each.id),
          `${node.name} does not wait for ${each?.name ?? 'all of its own'}`,
        ),
      );
    }),

  'user data is small, and says which bundle by its digest': (graph) =>
    machines(graph).flatMap((node) => {
      const script = userDataOf(node);
      const name = node.name.replace(/^pool-/, '');
      const object = one(graph, 'BucketObjectv2', `bundle-${name}`);
      const digest = createHash('sha256').update(text(object, 'content')).digest('hex');
      return [
        ...unless(
          script.length > 0 && Buffer.byteLength(script) <= 16_384,
          `${node.name} has more user data than AWS takes`,
        ),
        ...unless(
          script.includes(`BUNDLE_SHA256=${digest}\n`) && script.includes(`BUNDLE_KEY=${text(object, 'key')}\n`),
          `${node.name} runs another bundle`,
        ),
      ];
    }),

  'no key or certificate passes through Pulumi': (graph) =>
    graph.nodes.flatMap((node) => {
      // Bundles hold their files in base64.
      const lines = text(node, 'content')
        .split('\n')
        .map((line) => Buffer.from(line.split(' ')[4] ?? '', 'base64').toString('utf8'));
      const found = [JSON.stringify(node.inputs), ...lines].some((value) => /-----BEGIN [A-Z ]+-----/.test(value));
      return [
        ...unless(!found, `${node.name} holds PEM`),
        ...unless(!node.type.endsWith(':SecretVersion'), `${node.name} is a secret’s value`),
      ];
    }),

  'the issuer is served from a private bucket under the name that roles trust': (graph) => {
    const host = `oidc.${CLUSTER.domain}`;
    const distribution = one(graph, 'Distribution', 'issuer');
    const origin = list<{ originAccessControlId?: string }>(distribution, 'origins')[0];
    const policy = statements(text(one(graph, 'BucketPolicy', 'bucket-issuer'), 'policy') || '{"Statement":[]}');
    const allowed = policy.filter(({ effect }) => effect === 'Allow');
    const record = one(graph, 'Record', 'issuer');
    const provider = one(graph, 'OpenIdConnectProvider', 'issuer');
    return [
      ...unless(
        text(provider, 'url') === `https://${host}` && list(provider, 'clientIdLists').includes('sts.amazonaws.com'),
        'IAM trusts another issuer',
      ),
      ...unless(
        list(distribution, 'aliases').includes(host) && text(record, 'name') === host,
        'the name leads elsewhere',
      ),
      ...unless(
        origin?.originAccessControlId === one(graph, 'OriginAccessControl', 'issuer')?.id,
        'CloudFront does not say who it is',
      ),
      ...unless(
        allowed.length === 1 &&
          distribution !== undefined &&
          allowed[0]!.conditions.StringEquals?.['AWS:SourceArn'] === arnOf(distribution.type, 'issuer'),
        'others than the distribution read the bucket',
      ),
      ...unless(
        text(one(graph, 'CertificateValidation', 'issuer'), 'region') === 'us-east-1',
        'CloudFront takes no certificate from there',
      ),
      ...unless(
        text(distribution, 'defaultCacheBehavior.viewerProtocolPolicy') === 'https-only',
        'documents come by plain HTTP',
      ),
      ...unless(
        ['issuer-discovery', 'issuer-keys'].every((name) =>
          provider?.options.dependsOn.includes(one(graph, 'BucketObjectv2', name)?.id ?? ''),
        ) && provider?.options.dependsOn.includes(record?.id ?? '') === true,
        'IAM asks the issuer before it answers',
      ),
    ];
  },

  'every add-on that acts in the cloud has its role': (graph) =>
    IDENTITIES.flatMap(({ role, namespace, serviceAccount }) => {
      const node = all(graph, 'Role').find((each) => text(each, 'name') === `${CLUSTER.name}-${role}`);
      return [
        ...unless(
          text(node, 'assumeRolePolicy').includes(`"system:serviceaccount:${namespace}:${serviceAccount}"`),
          `${serviceAccount} cannot act as ${role}`,
        ),
        ...unless(
          node !== undefined && all(graph, 'RolePolicy').some((each) => text(each, 'role') === text(node, 'name')),
          `${role} may do nothing`,
        ),
      ];
    }),

  'what cannot be made again is protected': (graph) => {
    const kept = [
      ...all(graph, 'kms:Key'),
      ...all(graph, 'Alias'),
      ...all(graph, 's3:Bucket'),
      ...all(graph, 'Volume'),
      ...all(graph, 'Secret'),
      ...all(graph, 'NetworkInterface'),
      ...all(graph, 'OpenIdConnectProvider'),
      ...all(graph, 'Zone').filter(({ name }) => name === 'zone'),
    ];
    return [
      ...kept.flatMap(({ name, options }) => unless(options.protect, `${name} can be deleted by accident`)),
      ...[
        ...all(graph, 'kms:Key'),
        one(graph, 's3:Bucket', 'bucket-backups'),
        one(graph, 's3:Bucket', 'bucket-records'),
      ].flatMap((node) => unless(node?.options.retainOnDelete === true, `${node?.name} goes with the stack`)),
      ...all(graph, 'LoadBalancer').flatMap((node) =>
        unless(field(node, 'enableDeletionProtection') === true, `${node.name} can be deleted by accident`),
      ),
      ...all(graph, 'Volume').flatMap((node) =>
        unless(field(node, 'finalSnapshot') === true, `${node.name} leaves nothing`),
      ),
    ];
  },

  'what is taken down on purpose goes with what others put into it': (graph) =>
    [...all(graph, 's3:Bucket'), one(graph, 'Zone', 'zone')].flatMap((node) =>
      unless(
        field(node, 'objectLockEnabled') === true || field(node, 'forceDestroy') === true,
        `destroy ends at ${node?.name}`,
      ),
    ),

  'everything that can be is tagged with its cluster and its name': (graph) =>
    graph.nodes
      .filter(({ type }) => !UNTAGGED.test(type))
      .flatMap((node) => {
        const given = tagsOf(node);
        return unless(
          given['keelson.dev/cluster'] === CLUSTER.name && Boolean(given.Name) && Boolean(given['keelson.dev/part']),
          `${node.type} ${node.name} has no tags`,
        );
      }),

  'the API’s name leads to the right balancer inside and outside': (graph) => {
    const target = (record: string) => list<{ name: string }>(one(graph, 'Record', record), 'aliases')[0]?.name;
    const zone = one(graph, 'Zone', 'zone-api');
    return [
      ...unless(
        list<{ vpcId: string }>(zone, 'vpcs')[0]?.vpcId === one(graph, 'Vpc', 'vpc')?.id,
        'machines do not see the name',
      ),
      ...unless(target('api-internal')?.startsWith('api-internal.') === true, 'inside, the name leads elsewhere'),
      ...unless(target('api-external')?.startsWith('api-external.') === true, 'outside, the name leads elsewhere'),
    ];
  },

  'AWS itself tells people what is wrong': (graph) => {
    const topic = one(graph, 'Topic', 'notices');
    return [
      ...all(graph, 'MetricAlarm').flatMap((node) =>
        unless(topic !== undefined && refers(node, 'alarmActions', topic), `${node.name} tells nobody`),
      ),
      ...unless(
        statements(text(one(graph, 'TopicPolicy', 'notices'), 'policy') || '{"Statement":[]}').some(({ principals }) =>
          ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'].every((service) => principals.includes(service)),
        ),
        'alarms or budgets may not send',
      ),
      ...unless(
        Object.keys((field(one(graph, 'MetricAlarm', 'api-unhealthy'), 'dimensions') ?? {}) as object).length === 2,
        'AWS counts healthy hosts by balancer and group only',
      ),
      ...all(graph, 'autoscaling:Group').flatMap((node) =>
        unless(list(node, 'enabledMetrics').includes('GroupInServiceInstances'), `${node.name} is not counted`),
      ),
      ...unless(
        all(graph, 'TopicSubscription').some((node) => topic !== undefined && refers(node, 'topic', topic)),
        'nobody hears',
      ),
      ...[...HOSTS.map((host) => `${host}-failed`), 'api-unhealthy', 'snapshots-missing'].flatMap((name) =>
        unless(one(graph, 'MetricAlarm', name) !== undefined, `there is no alarm ${name}`),
      ),
    ];
  },

  'the month has a limit': (graph) => {
    const budget = all(graph, 'Budget')[0];
    return unless(
      Number(text(budget, 'limitAmount')) > 0 &&
        JSON.stringify(field(budget, 'costFilters') ?? '').includes(`user:keelson.dev/cluster$${CLUSTER.name}`),
      'nobody is told what the cluster costs',
    );
  },

  'traffic is logged': (graph) => {
    const log = all(graph, 'FlowLog')[0];
    const node = log && all(graph, 'LogGroup').find((each) => refers(log, 'logDestination', each));
    return unless(
      log !== undefined &&
        text(log, 'vpcId') === one(graph, 'Vpc', 'vpc')?.id &&
        text(log, 'trafficType') === 'ALL' &&
        Number(field(node, 'retentionInDays')) > 0,
      'flows of the network are not logged',
    );
  },

  'no other account can be meant': (graph) => {
    const provider = graph.nodes.find(({ type }) => type === 'pulumi:providers:aws');
    return unless(
      text(provider, 'region') === CLUSTER.region &&
        text(provider, 'allowedAccountIds') === JSON.stringify([CLUSTER.accountId]),
      'the program would run in any account',
    );
  },
};

function tableOf(graph: Graph, subnet: GraphNode | undefined): GraphNode | undefined {
  const association = all(graph, 'RouteTableAssociation').find((each) => refers(each, 'subnetId', subnet));
  return all(graph, 'RouteTable').find(
    (each) => association !== undefined && refers(association, 'routeTableId', each),
  );
}

/** Rules of one direction between two groups that the other direction does not answer. */
function unmatched(graph: Graph, here: string, there: string): readonly string[] {
  const key = (rule: GraphNode, own: string, other: string) =>
    [
      field(rule, own),
      field(rule, other),
      field(rule, 'ipProtocol'),
      field(rule, 'fromPort'),
      field(rule, 'toPort'),
    ].join();
  const answers = new Set(all(graph, there).map((rule) => key(rule, 'referencedSecurityGroupId', 'securityGroupId')));
  return all(graph, here)
    .filter((rule) => field(rule, 'referencedSecurityGroupId') !== undefined)
    .filter((rule) => !answers.has(key(rule, 'securityGroupId', 'referencedSecurityGroupId')))
    .map(({ name }) => `${name} is open at one end only`);
}
