import { Tenant } from '../../../../../src/model';
import { long, platform } from '../platform';

const quota = { cpu: '1500500m', memory: '0.5Ti', storage: '1.5Pi', pods: 5000 };

const prod = long('prod', 20);
const test = long('test', 20);

/** The longest name, every field said. */
export const most = new Tenant(platform, long('0-', 40), {
  owner: {
    email: `o'brien+k8s{on}@example.com`,
    team: long('ü: "Team" {{ x }} # & \'', 63),
    onCall: long('- a: "b" {{ $x }} # %\'', 200),
    reviewers: ['@acme/most', 'most@example.com'],
  },
  groups: { developers: 'a:b/c', admins: '@admins', viewers: '#1' },
  costCentre: long('CC.1_', 63),
  monthlyBudget: 100000000,
  dataClass: 'restricted',
  labels: { [`${long('l', 63)}.example.com/${long('K', 63)}`]: long('V_.-', 63), empty: '' },
  environments: {
    [prod]: {
      quota: { ...quota, loadBalancers: 20, nodePorts: 20, storageClasses: { gp3: '1Pi' } },
      nodePool: long('pool', 30),
      hosts: [
        {
          host: 'www.example.org',
          service: long('s', 63),
          port: 65535,
          targetPort: 1,
          methods: ['OPTIONS'],
          paths: ['/'],
        },
        { host: `${long('h', 57)}.${long('apps', 63)}.example.com`, service: 'a', port: 1, workload: long('w', 63) },
      ],
      autoscaling: { minimum: 1000, maximum: 1000 },
      databases: { [long('db', 30)]: { size: 'large', storage: '2Ti', backupRetentionDays: 35 } },
    },
    [test]: {
      quota: { cpu: '40', memory: '128Gi', storage: '1Ti', pods: 40 },
      nodePool: '1e3',
      hosts: [{ host: 'a.test.example.org', service: 'a', port: 80, workload: 'a' }],
    },
  },
  repositories: [
    { url: 'ssh://git@git.example.com:2222/a/b.git', path: '_a/B.c/d-e', revision: 'v1.2.3/x_y', private: true },
    { name: long('r', 30), url: 'https://code.example.org/most/most.git', environments: [test] },
  ],
  connections: {
    inside: false,
    to: [{ tenant: 'other', port: 65535, workload: 'a' }],
    from: [{ tenant: 'other', port: 8080, workload: 'a', service: 'a', methods: ['GET'], paths: ['/a.b/_c~'] }],
    outside: [
      { host: '*.example.net', port: 65535, protocol: 'UDP', why: long('"\'{{', 200) },
      { cidr: '203.0.113.0/24', port: 1, environments: [prod] },
    ],
    kubernetesApi: true,
    cloudMetadata: true,
    nodePorts: [1, 65535],
  },
  metrics: [{ port: 9102 }, { port: 65535, path: '/-/metrics', workload: long('w', 63) }],
  databases: { [long('db', 30)]: { version: '15', onDelete: 'snapshot', highAvailability: true } },
  secretStores: [long('store', 30)],
  registries: ['registry.example.com:5000/a/b/c'],
  workloadIdentities: {
    [long('id', 24)]: {
      workloads: [long('w', 63), 'a'],
      permissions: [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::most-{environment}-{region}/*'] }],
    },
  },
  alertReceivers: [
    { type: 'email' },
    { type: 'slack', to: '#a', secret: 'alerts/slack' },
    { type: 'pagerduty', secret: 'alerts/pagerduty', severities: ['critical'] },
    { type: 'webhook', secret: 'alerts/webhook' },
  ],
  slos: {
    [long('slo', 40)]: {
      objective: 99.999,
      days: 7,
      metric: 'a:b_c',
      labels: { le: `"\\{}'` },
      bad: { code: '5..|"' },
    },
  },
  backup: { everyHours: 1, keepDays: 3650 },
});

/** The other side of its connections. */
export const other = new Tenant(platform, 'other', {
  owner: { email: 'other@example.com' },
  groups: { developers: 'other' },
  environments: { [prod]: {}, [test]: {} },
  connections: {
    to: [{ tenant: long('0-', 40), port: 8080 }],
    from: [{ tenant: long('0-', 40), port: 65535 }],
  },
});
