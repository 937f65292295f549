import type { Assertion } from './aws-assertions';
import { ASSERTIONS } from './aws-assertions';
import { arnOf, type Graph, type GraphNode } from './aws-graph';
import { OFFICE } from './aws-props';
import { all, field, list, one, refers, statements, text, unless } from './aws-query';
import { EKS_CLUSTER, EKS_IDENTITIES, PROVISIONER, STORE, TENANT } from './eks-props';

const control = (graph: Graph) => one(graph, 'eks:Cluster', 'control-plane');
const group = (graph: Graph, role: string) => one(graph, 'SecurityGroup', `group-${role}`);
const privateSubnets = (graph: Graph) => ['1', '2', '3'].map((zone) => one(graph, 'Subnet', `private-${zone}`)?.id);
const same = (a: readonly unknown[], b: readonly unknown[]) =>
  JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());
const nodeGroups = (graph: Graph) => all(graph, 'eks:NodeGroup');
const opens = (graph: Graph, from: string, to: string, port: number) =>
  all(graph, 'SecurityGroupIngressRule').some(
    (rule) =>
      refers(rule, 'securityGroupId', group(graph, to)) &&
      refers(rule, 'referencedSecurityGroupId', group(graph, from)) &&
      text(rule, 'ipProtocol') === 'tcp' &&
      Number(field(rule, 'fromPort')) <= port &&
      port <= Number(field(rule, 'toPort')),
  );
const roleNamed = (graph: Graph, name: string) =>
  all(graph, 'iam:Role').find((node) => text(node, 'name') === `${EKS_CLUSTER.name}-${name}`);
const wholeRole = (graph: Graph, name: string) => all(graph, 'iam:Role').find((node) => text(node, 'name') === name);
const tag = (node: GraphNode | undefined, key: string) =>
  ((field(node, 'tags') ?? {}) as Readonly<Record<string, string>>)[key];

/** What holds of virtual machines and of EKS alike. */
const SHARED = [
  'actions of policies are written out',
  'every resource is allowed only where AWS has none to name',
  'every bucket is encrypted',
  'keys get new material every year, and an alias',
  'machines have IMDSv2, one hop',
  'subnets lie in three zones, alike and apart',
  'every private subnet has a way out through its own zone',
  'databases have no way out',
  'services of AWS are reached from inside',
  'every way through is open at both ends',
  'buckets are closed to the public, versioned and refuse plain HTTP',
  'nothing in a bucket stays for ever by neglect',
  'the month has a limit',
  'traffic is logged',
  'no other account can be meant',
];

/** Each by what it holds. */
export const EKS_ASSERTIONS: Readonly<Record<string, Assertion>> = {
  ...Object.fromEntries(SHARED.map((name) => [name, ASSERTIONS[name]!])),

  'the API is reached from inside, and from outside by the allowed sources alone': (graph) => {
    const given = (path: string) => field(control(graph), `vpcConfig.${path}`);
    return [
      ...unless(given('endpointPrivateAccess') === true, 'machines leave the network to reach the API'),
      ...unless(
        given('endpointPublicAccess') === false || same(list(control(graph), 'vpcConfig.publicAccessCidrs'), OFFICE),
        'the API is open to others',
      ),
      ...unless(same(list(control(graph), 'vpcConfig.subnetIds'), privateSubnets(graph)), 'it is in other subnets'),
      ...unless(
        list(control(graph), 'vpcConfig.securityGroupIds').includes(group(graph, 'control-plane')?.id ?? ''),
        'it lacks its security group',
      ),
    ];
  },

  'nothing else comes in from outside': (graph) =>
    all(graph, 'SecurityGroupIngressRule').flatMap((rule) =>
      unless(field(rule, 'referencedSecurityGroupId') !== undefined, `${rule.name} lets a range in`),
    ),

  'secrets are encrypted with the cluster’s key, which its role may use': (graph) => {
    const key = one(graph, 'kms:Key', 'key-secrets');
    const arn = key && arnOf(key.type, key.name);
    const policy = one(graph, 'RolePolicy', 'role-control-plane');
    const allowed = policy ? statements(text(policy, 'policy')) : [];
    return [
      ...unless(
        text(control(graph), 'encryptionConfig.provider.keyArn') === arn &&
          list(control(graph), 'encryptionConfig.resources').includes('secrets'),
        'secrets lie open',
      ),
      ...unless(
        allowed.some(({ actions, resources }) => actions.includes('kms:Encrypt') && resources.includes(arn ?? '')),
        'the control plane may not use the key',
      ),
    ];
  },

  'every log of the control plane is kept, encrypted, in a group that is there before it': (graph) => {
    const logs = one(graph, 'LogGroup', 'control-plane-logs');
    const kinds = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'];
    return [
      ...unless(same(list(control(graph), 'enabledClusterLogTypes'), kinds), 'a log is off'),
      ...unless(text(logs, 'name') === `/aws/eks/${EKS_CLUSTER.name}/cluster`, 'the group has another name'),
      ...unless(Number(field(logs, 'retentionInDays')) >= 365, 'logs go too early'),
      ...unless(logs !== undefined && refers(logs, 'kmsKeyId', one(graph, 'kms:Key', 'key-logs')), 'logs lie open'),
      ...unless(control(graph)?.options.dependsOn.includes(logs?.id ?? '') === true, 'EKS makes a group of its own'),
      ...unless(
        text(one(graph, 'kms:Key', 'key-logs'), 'policy').includes(`log-group:/aws/eks/${EKS_CLUSTER.name}/*`),
        'the key is not for this group',
      ),
    ];
  },

  'who comes in is said by access entries, and only the provisioner is an administrator by one': (graph) => {
    const config = (path: string) => field(control(graph), `accessConfig.${path}`);
    const policies = all(graph, 'AccessPolicyAssociation').map((node) => text(node, 'principalArn'));
    const groups = all(graph, 'AccessEntry').flatMap((node) => list(node, 'kubernetesGroups'));
    return [
      ...unless(config('authenticationMode') === 'API', 'aws-auth counts'),
      ...unless(config('bootstrapClusterCreatorAdminPermissions') === false, 'whoever made it stays administrator'),
      ...unless(same(policies, [PROVISIONER]), `administrators are ${policies.join()}`),
      ...unless(same(groups, ['keelson:platform-admins']), `groups are ${groups.join()}`),
    ];
  },

  'people sign in at the platform’s issuer under the names of every other cluster': (graph) => {
    const { issuer, clientId, groupsPrefix } = EKS_CLUSTER.platform.oidc;
    const oidc = (path: string) => text(one(graph, 'IdentityProviderConfig', 'sign-in'), `oidc.${path}`);
    return unless(
      oidc('issuerUrl') === issuer && oidc('clientId') === clientId && oidc('groupsPrefix') === groupsPrefix,
      'people do not come in, or as others',
    );
  },

  'the control plane brings no add-on that the tree has too, and no version that costs more': (graph) => [
    ...unless(field(control(graph), 'bootstrapSelfManagedAddons') === false, 'two networks contend'),
    ...unless(text(control(graph), 'version') === '1.36', 'it is another version'),
    ...unless(text(control(graph), 'upgradePolicy.supportType') === 'STANDARD', 'it may cost six times as much'),
    ...unless(
      text(control(graph), 'kubernetesNetworkConfig.serviceIpv4Cidr') === EKS_CLUSTER.network.serviceCidr,
      'Services have other addresses',
    ),
  ],

  'each node pool has its managed group, over all zones, that drains one machine at a time': (graph) =>
    EKS_CLUSTER.nodePools.flatMap((pool) => {
      const node = one(graph, 'eks:NodeGroup', `pool-${pool.name}`);
      const taints = list<{ key: string; effect: string }>(node, 'taints');
      return [
        ...unless(
          field(node, 'scalingConfig.minSize') === pool.minimum &&
            field(node, 'scalingConfig.maxSize') === pool.maximum,
          `${pool.name} has another size`,
        ),
        ...unless(same(list(node, 'instanceTypes'), [pool.instanceType]), `${pool.name} has other machines`),
        ...unless(same(list(node, 'subnetIds'), privateSubnets(graph)), `${pool.name} is in other subnets`),
        ...unless(field(node, 'updateConfig.maxUnavailable') === 1, `${pool.name} loses several machines at once`),
        ...unless(
          JSON.stringify(field(node, 'labels')) === JSON.stringify(pool.labels),
          `${pool.name} has other labels`,
        ),
        ...unless(
          taints.some(({ key, effect }) => key === 'node.cilium.io/agent-not-ready' && effect === 'NO_EXECUTE'),
          `${pool.name} takes Pods before it has a network`,
        ),
        ...unless(
          pool.taints.every(({ key }) => taints.some((taint) => taint.key === key)),
          `${pool.name} lacks a taint`,
        ),
        ...unless(
          node?.options.ignoreChanges.includes('scalingConfig.desiredSize') === true,
          `${pool.name} is set back to its minimum`,
        ),
      ];
    }),

  'machines of groups are behind the workers’ group, with encrypted disks, and nobody comes by SSH': (graph) => {
    const key = one(graph, 'kms:Key', 'key-volumes');
    return nodeGroups(graph).flatMap((node) => {
      const template = one(graph, 'LaunchTemplate', node.name);
      const disks = list<{ ebs?: { encrypted?: string; kmsKeyId?: string } }>(template, 'blockDeviceMappings');
      return [
        ...unless(
          list(template, 'vpcSecurityGroupIds').includes(group(graph, 'worker')?.id ?? ''),
          `${node.name} is behind another security group`,
        ),
        ...unless(
          disks.length > 0 &&
            disks.every(({ ebs }) => ebs?.encrypted === 'true' && ebs.kmsKeyId === (key && arnOf(key.type, key.name))),
          `${node.name} has an open disk`,
        ),
        ...unless(
          field(node, 'remoteAccess') === undefined && field(template, 'keyName') === undefined,
          `${node.name} takes SSH`,
        ),
      ];
    });
  },

  'machines join when they have a way out, AWS’ policies and a network that gives Pods addresses': (graph) =>
    nodeGroups(graph).flatMap(({ name, options: { dependsOn } }) => [
      ...unless(
        dependsOn.some((id) => id.includes(':Route::private-')),
        `${name} may start without a way out`,
      ),
      ...unless(
        ['AmazonEKSWorkerNodePolicy', 'AmazonEC2ContainerRegistryPullOnly', 'AmazonSSMManagedInstanceCore'].every(
          (policy) => dependsOn.some((id) => id.endsWith(`::node-${policy}`)),
        ),
        `${name} may start without a right to join`,
      ),
      ...unless(dependsOn.includes('kubernetes:helm.sh/v4:Chart::chart/cilium'), `${name} waits for ever to be well`),
    ]),

  'API servers reach kubelets and webhooks, machines reach the API': (graph) => [
    ...unless(opens(graph, 'worker', 'control-plane', 443), 'machines do not reach the API'),
    ...unless(opens(graph, 'control-plane', 'worker', 10250), 'kubelets are not reached'),
    ...EKS_IDENTITIES.webhooks.flatMap((port) =>
      unless(opens(graph, 'control-plane', 'worker', port), `webhooks on ${port} are not reached`),
    ),
    ...unless(opens(graph, 'worker', 'database', 5432), 'databases are not reached'),
  ],

  'roles of add-ons trust the one ServiceAccount that the tree gives them to': (graph) => {
    const host = 'oidc.eks.eu-central-1.amazonaws.com/id/0A1B2C3D';
    return EKS_IDENTITIES.addOns.flatMap(({ role, namespace, serviceAccount }) => {
      const trust = statements(text(roleNamed(graph, role), 'assumeRolePolicy') || '{"Statement":[]}');
      const [only] = trust;
      return unless(
        trust.length === 1 &&
          only?.conditions.StringEquals?.[`${host}:sub`] === `system:serviceaccount:${namespace}:${serviceAccount}` &&
          only.conditions.StringEquals[`${host}:aud`] === 'sts.amazonaws.com',
        `${role} is not ${namespace}/${serviceAccount}'s alone`,
      );
    });
  },

  'roles of tenants are handed out by Pod Identity to the one ServiceAccount': (graph) => {
    const role = wholeRole(graph, TENANT.role);
    const association = one(graph, 'PodIdentityAssociation', `identity-${TENANT.role}`);
    return [
      ...unless(
        association !== undefined &&
          refers(association, 'roleArn', role) &&
          text(association, 'namespace') === TENANT.namespace &&
          text(association, 'serviceAccount') === TENANT.serviceAccount,
        'nobody has the role',
      ),
      ...unless(
        statements(text(role, 'assumeRolePolicy') || '{"Statement":[]}').every(
          ({ principals, conditions: { StringEquals: tags = {} } }) =>
            principals.every((who) => who === 'pods.eks.amazonaws.com') &&
            tags['aws:RequestTag/eks-cluster-name'] === 'production' &&
            tags['aws:RequestTag/kubernetes-namespace'] === TENANT.namespace &&
            tags['aws:RequestTag/kubernetes-service-account'] === TENANT.serviceAccount,
        ),
        'others may take it on',
      ),
      ...unless(
        all(graph, 'eks:Addon').some((node) => text(node, 'addonName') === 'eks-pod-identity-agent'),
        'no agent hands it out',
      ),
    ];
  },

  'stores of tenants are read by the token of the one ServiceAccount': (graph) => {
    const role = wholeRole(graph, STORE.role);
    const host = 'oidc.eks.eu-central-1.amazonaws.com/id/0A1B2C3D';
    const trust = statements(text(role, 'assumeRolePolicy') || '{"Statement":[]}');
    const policy = all(graph, 'RolePolicy').find((node) => node.name === `role-${STORE.role}`);
    return [
      ...unless(
        trust.length === 1 &&
          trust[0]!.conditions.StringEquals?.[`${host}:sub`] ===
            `system:serviceaccount:${STORE.namespace}:${STORE.serviceAccount}`,
        'others may read it',
      ),
      ...unless(
        statements(text(policy, 'policy') || '{"Statement":[]}').every(({ resources }) =>
          resources.every((one) => one.endsWith(':secret:production/tenants/payments/prod/tenant/*')),
        ),
        'it reads more than its path',
      ),
      ...unless(
        all(graph, 'PodIdentityAssociation').every((node) => text(node, 'serviceAccount') !== STORE.serviceAccount),
        'a Pod would get it',
      ),
    ];
  },

  'Karpenter finds its queue, its machines’ role and its subnets by the names in the tree': (graph) => {
    const queue = one(graph, 'sqs:Queue', 'karpenter');
    const machine = roleNamed(graph, 'karpenter-node');
    const entry = machine && all(graph, 'AccessEntry').find((node) => refers(node, 'principalArn', machine));
    const found = [group(graph, 'worker'), ...['1', '2', '3'].map((zone) => one(graph, 'Subnet', `private-${zone}`))];
    const told = all(graph, 'EventTarget').filter((node) => queue !== undefined && refers(node, 'arn', queue));
    const sources = all(graph, 'QueuePolicy').flatMap((node) => statements(text(node, 'policy')));
    return [
      ...unless(text(queue, 'name') === `${EKS_CLUSTER.name}-karpenter`, 'the queue has another name'),
      ...unless(field(queue, 'sqsManagedSseEnabled') === true, 'the queue lies open'),
      ...unless(text(entry, 'type') === 'EC2_LINUX', 'its machines may not join'),
      ...unless(
        found.every((node) => tag(node, 'karpenter.sh/discovery') === EKS_CLUSTER.name),
        'it finds no network',
      ),
      ...unless(told.length === 4, 'it hears too little'),
      ...unless(
        ['DescribeCapacityReservations', 'DescribeInstanceStatus', 'DescribePlacementGroups'].every((action) =>
          text(one(graph, 'RolePolicy', 'role-karpenter'), 'policy').includes(`"ec2:${action}"`),
        ),
        'it may not look at what its version looks at',
      ),
      ...unless(
        sources
          .filter(({ effect }) => effect === 'Allow')
          .every(({ conditions }) => conditions.ArnEquals !== undefined),
        'anybody may tell it to drain machines',
      ),
    ];
  },

  'the network makes interfaces, in subnets of its own alone': (graph) => {
    const vpc = `vpc/${one(graph, 'Vpc', 'vpc')?.id}`;
    const making = statements(text(one(graph, 'RolePolicy', 'role-cilium-operator'), 'policy')).filter(({ actions }) =>
      actions.includes('ec2:CreateNetworkInterface'),
    );
    const on = (kind: string) => making.filter(({ resources }) => resources.some((each) => each.includes(`:${kind}/`)));
    return [
      ...unless(
        on('network-interface').some(({ conditions }) => Object.keys(conditions).length === 0),
        'a new interface is asked for its network',
      ),
      ...['subnet', 'security-group'].flatMap((kind) =>
        unless(
          on(kind).length > 0 &&
            on(kind).every(({ conditions }) => String(conditions.ArnEquals?.['ec2:Vpc']).endsWith(vpc)),
          `any ${kind} would do`,
        ),
      ),
    ];
  },

  'what protects backups is locked': (graph) => {
    const bucket = one(graph, 's3:Bucket', 'bucket-backups');
    const lock = all(graph, 'BucketObjectLockConfiguration').find(
      (node) => bucket !== undefined && refers(node, 'bucket', bucket),
    );
    return unless(JSON.stringify(lock?.inputs ?? '').includes('GOVERNANCE'), 'backups may be deleted at once');
  },

  'everything that can be is tagged with its cluster and its name': (graph) =>
    ASSERTIONS['everything that can be is tagged with its cluster and its name']!({
      nodes: graph.nodes.filter(({ type }) => type.startsWith('aws:') && !/EventTarget$|QueuePolicy$/.test(type)),
    }),

  'what cannot be made again is protected': (graph) =>
    [
      control(graph),
      one(graph, 'LogGroup', 'control-plane-logs'),
      one(graph, 'OpenIdConnectProvider', 'issuer'),
      one(graph, 'route53:Zone', 'zone'),
      ...all(graph, 's3:Bucket'),
      ...all(graph, 'kms:Key'),
    ].flatMap((node) => unless(node?.options.protect === true, `${node?.name ?? 'something'} is not`)),
};
