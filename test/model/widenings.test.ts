import { load as parseYaml } from 'js-yaml';
import type { TenantProps } from '../../src/model/claim.generated';
import type { PlatformProps } from '../../src/model/platform.generated';
import { widenings } from '../../src/model/widenings';
import { claimFile, localProps } from '../support/platforms';

/** What a claim with these further lines widens. */
function widened(more: string): readonly string[] {
  const { spec } = parseYaml(claimFile('shop', more)) as { spec: TenantProps };
  return widenings(spec, localProps as unknown as PlatformProps);
}

test.each<[string, string[]]>([
  ['', []],
  ['  environments: { sandbox: { quota: { cpu: "2", memory: 4Gi, pods: 10 } } }\n', []],
  ['  databases: { orders: {} }\n', []],
  ['  connections: { outside: [{ host: api.example.net }] }\n', ['connections to the outside']],
  ['  connections: { to: [{ tenant: wiki, port: 80 }] }\n', ['connections to other tenants']],
  ['  connections: { from: [{ tenant: wiki, port: 80 }] }\n', ['connections to other tenants']],
  ['  connections: { kubernetesApi: true }\n', ['the Kubernetes API']],
  ['  connections: { cloudMetadata: true }\n', [`the cloud's metadata`]],
  ['  connections: { nodePorts: [9100] }\n', ['ports of machines']],
  [
    '  workloadIdentities: { reader: { workloads: [web], permissions: [{ actions: [s3:GetObject], resources: [a] }] } }\n',
    ['identities in the cloud'],
  ],
  ['  registries: [registry.example.com/shop]\n', ['private registries']],
  ['  tier: 3\n', ['tier 3']],
  ['  environments: { live: {}, sandbox: {} }\n', ['production (live)']],
  ['  environments: { sandbox: { nodePool: big } }\n', ['node pool big in sandbox']],
  ['  environments: { sandbox: { quota: { loadBalancers: 1 } } }\n', ['load balancers in sandbox']],
  ['  environments: { sandbox: { quota: { nodePorts: 1 } } }\n', ['node ports in sandbox']],
  ['  environments: { sandbox: { quota: { cpu: 4001m } } }\n', ['more than the default quota in sandbox']],
  ['  environments: { sandbox: { quota: { pods: 51 } } }\n', ['more than the default quota in sandbox']],
  ['  environments: { sandbox: { hosts: [{ host: a.example.com, service: web, port: 80 }] } }\n', ['hosts in sandbox']],
])('What widens a claim is named, and nothing else: %s', (more, expected) => {
  expect(widened(more)).toEqual(expected);
});
