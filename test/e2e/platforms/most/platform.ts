import { Platform, type PlatformProps } from '../../../../src/model';

/** A name of exactly so many characters. */
export const long = (start: string, length: number): string => start.padEnd(length, 'x');

const domain = [long('a', 63), long('b', 63), long('c', 62)].join('.');
const group = (name: string): string => long(`acme/${name}:ü&'{{.}}$(x)`, 200);

const cluster = (provider: 'aws' | 'eks', second: number): PlatformProps['clusters'][string] => ({
  provider,
  region: 'ap-southeast-4',
  accountId: '000000000001',
  kubernetesVersion: '1.36.3',
  domain: `${long(provider, 29)}.${domain}`,
  network: {
    podCidr: `10.${second * 4}.0.0/14`,
    serviceCidr: `172.${second}.0.0/24`,
    nodeCidr: `192.168.${second}.0/24`,
    apiServer: `${long('api', 62)}.${domain}`,
  },
  nodePools: {
    [long('pool', 30)]: {
      minimum: 1,
      maximum: 1000,
      instanceType: 'u7i-12tb.224xlarge',
      capacity: { cpu: '895.5', memory: '12288Gi', pods: 250 },
      labels: { [`${long('l', 63)}.example.com/${long('K', 63)}`]: long('V_.-', 63), empty: '', true: 'true' },
      taints: [
        { key: `${long('t', 63)}.example.com/${long('k', 63)}`, value: long('v', 63), effect: 'NoExecute' },
        { key: 'on', value: 'off', effect: 'NoSchedule' },
        { key: 'none', effect: 'PreferNoSchedule' },
      ],
    },
    '1e3': {
      minimum: 3,
      instanceType: 'm7i.xlarge',
      capacity: { cpu: '3920m', memory: '14848Mi' },
      labels: { pool: '1e3' },
    },
  },
  storage: { backups: long('backups', 63), logs: long('logs', 63), traces: long('traces', 63) },
  addOns: {
    cilium: { values: { debug: { enabled: false } } },
    'local-path-provisioner': false,
    velero: true,
  },
});

/** All that may be said is said, and names are as long and odd as they may be. */
export const platform = new Platform({
  name: long('most', 20),
  domain,
  contact: `o'brien+k8s{on}@${long('mail', 63)}.example.com`,
  gitops: { url: 'git@git.example.com:a/b_c.git', branch: 'release/1.x_Y', publishTo: 'embedded' },
  registries: ['registry.example.com:5000/a/b', 'localhost:5000'],
  oidc: {
    issuer: 'https://login.example.com:8443/realms/a%20b',
    clientId: 'on: "yes" # {{ $x }} \\ ü',
    usernameClaim: 'https://example.com/claims/e-mail',
    groupsClaim: 'cognito:groups',
    groupsPrefix: 'sso.example:group-',
    groups: { admins: group('admins'), oncall: group('oncall'), auditors: group('auditors') },
  },
  breakGlass: { group: group('break-glass') },
  clusters: { [long('aws', 30)]: cluster('aws', 16), [long('eks', 30)]: cluster('eks', 17) },
  environments: {
    [long('prod', 20)]: {
      cluster: long('aws', 30),
      production: true,
      domains: [`${long('apps', 63)}.example.com`, 'example.org'],
      databases: 'rds',
      syncWindows: [{ kind: 'deny', schedule: '0 22 * * 5', duration: '58h', timeZone: 'Europe/Berlin' }],
    },
    [long('test', 20)]: {
      cluster: long('eks', 30),
      production: false,
      databases: 'cluster',
      domains: ['test.example.org'],
    },
  },
  reviewers: ['@acme/platform'],
  gitHosts: ['git.example.com:2222', 'git.example.com', 'code.example.org'],
  mail: { host: 'mail.example.com', port: 465, from: `o'brien+alerts@example.com` },
  dataClasses: { restricted: { rpoHours: 1, rtoHours: 1, keepDays: 3650 }, public: { rpoHours: 168 } },
  addOns: { 'metrics-server': true, keda: { values: { logging: { operator: { level: 'info' } } } } },
});
