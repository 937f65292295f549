import { clusterCertificate, hostCertificate, pkiPlan, type CertificatePlan } from '../../infra/control-plane/pki';
import { clusterOf, localPlan, localSite } from '../support/secrets';

const find = (plan: { certificates: readonly CertificatePlan[] }, name: string) =>
  plan.certificates.find((leaf) => leaf.name === name)!;

test('one certificate a component a host, each with the authority, subject and usages that it needs and no more', () => {
  const table = localPlan()
    .certificates.map(({ name, authority, subject, usages }) =>
      [name, authority, subject.commonName, subject.organization ?? '-', usages.join('+')].join(' '),
    )
    .sort();
  expect(table).toEqual([
    'cluster/admin kubernetes admin keelson:platform-admins client',
    'cluster/kwok kubernetes keelson:kwok - client',
    'control-plane-1/apiserver kubernetes kube-apiserver - server',
    'control-plane-1/apiserver-etcd-client etcd kube-apiserver-etcd-client - client',
    'control-plane-1/apiserver-kubelet-client kubernetes kube-apiserver-kubelet-client keelson:kubelet-clients client',
    'control-plane-1/controller-manager kubernetes system:kube-controller-manager - client',
    'control-plane-1/controller-manager-serving kubernetes control-plane-1 - server',
    'control-plane-1/etcd-operator etcd etcd-operator - client',
    'control-plane-1/etcd-peer etcd-peer control-plane-1 - server+client',
    'control-plane-1/etcd-server etcd control-plane-1 - server',
    'control-plane-1/front-proxy-client front-proxy front-proxy-client - client',
    'control-plane-1/scheduler kubernetes system:kube-scheduler - client',
    'control-plane-1/scheduler-serving kubernetes control-plane-1 - server',
  ]);
});

test('every host has its own, under its own names and addresses', () => {
  const plan = localPlan(3);
  expect(plan.certificates).toHaveLength(3 * 11 + 2);
  expect(new Set(plan.certificates.map(({ name }) => name)).size).toBe(plan.certificates.length);
  for (const [host, address] of [
    ['control-plane-1', '127.20.0.11'],
    ['control-plane-3', '127.20.0.13'],
  ] as const) {
    const own = plan.certificates.filter((leaf) => leaf.host === host);
    expect(own).toHaveLength(11);
    // On one machine peers call from loopback's first address, which etcd compares with the certificate.
    expect(find(plan, hostCertificate(host, 'etcd-peer'))).toMatchObject({
      dnsNames: [host],
      addresses: [address, '127.0.0.1'],
    });
    for (const component of ['etcd-server', 'controller-manager-serving', 'scheduler-serving'] as const) {
      expect(find(plan, hostCertificate(host, component))).toMatchObject({
        dnsNames: [host, 'localhost'],
        addresses: [address, '127.0.0.1'],
      });
    }
    for (const leaf of own.filter(({ usages }) => !usages.includes('server'))) {
      expect([leaf.dnsNames, leaf.addresses]).toEqual([[], []]);
    }
  }
});

test('the API server is called by the balancer, by its host, and by what Pods know', () => {
  const { dnsNames, addresses } = find(localPlan(3), hostCertificate('control-plane-2', 'apiserver'));
  expect(dnsNames).toEqual([
    'control-plane-2',
    'api.local.harbour.example.com',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'localhost',
  ]);
  expect(addresses).toEqual(['127.20.0.10', '127.20.0.12', '10.98.0.1', '127.0.0.1']);
});

test('leaves hold for 90 days, the root for longest, and no standing certificate is in system:masters', () => {
  for (const provider of ['local', 'production'] as const) {
    const site = provider === 'local' ? localSite() : productionSite();
    const plan = pkiPlan(clusterOf(provider), site);
    expect(Math.max(...plan.certificates.map(({ days }) => days))).toBe(90);
    expect(JSON.stringify(plan)).not.toContain('system:masters');
    const days = new Map(plan.authorities.map((one) => [one.name, one.days]));
    for (const { name, pathLength, issuer } of plan.authorities.slice(1)) {
      expect([pathLength, issuer]).toEqual([0, 'root']);
      expect(days.get(name)!).toBeLessThan(days.get('root')!);
      expect(days.get(name)!).toBeGreaterThan(90);
    }
  }
});

test('authorities are held to what they are for', () => {
  const of = (name: string) => localPlan().authorities.find((one) => one.name === name)!;
  expect(of('front-proxy').usages).toEqual(['client']);
  expect(of('front-proxy').constraints?.excludedNames).toEqual(['']);
  expect(of('etcd').constraints).toEqual({ permittedAddresses: ['10.200.0.0/24', '127.0.0.0/8'] });
  expect(of('kubelet').constraints?.excludedNames).toEqual(
    expect.arrayContaining(['kubernetes', 'svc', 'api.local.harbour.example.com']),
  );
});

const productionSite = (address = '10.0.1.10') =>
  localSite(1, {
    hosts: [{ name: 'control-plane-1', address, root: '' }],
    endpoint: { host: 'api.production.harbour.example.com', port: 443 },
    encryption: { kind: 'kms', keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/1', region: 'eu-central-1' },
    sharedMachine: false,
  });

test('a cluster on AWS has no simulator and, where a KMS encrypts, no key for it', () => {
  const plan = pkiPlan(clusterOf('production'), productionSite());
  expect(find(plan, clusterCertificate('kwok'))).toBeUndefined();
  expect(plan.encryptionKey).toBe(false);
  expect(localPlan().encryptionKey).toBe(true);
  const { addresses } = find(plan, hostCertificate('control-plane-1', 'apiserver'));
  expect(addresses).toEqual(['10.0.1.10', '10.96.0.1', '127.0.0.1']);
});

test('a host whose address its authority could not sign for, or whose name is taken, is told', () => {
  expect(() => pkiPlan(clusterOf('production'), productionSite('192.168.1.1'))).toThrow(
    "the control-plane host control-plane-1 has the address 192.168.1.1, for which etcd's authorities may not sign: give it one of 10.0.0.0/16 or 127.0.0.1/32",
  );
  const site = localSite(1, { hosts: [{ name: 'cluster', address: '127.20.0.11', root: '' }] });
  expect(() => pkiPlan(clusterOf('local'), site)).toThrow('a control-plane host is called `cluster`');
});
