import * as pulumi from '@pulumi/pulumi';
import type { Cluster } from '../../src/model/cluster';

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
    call: ({ inputs }) => inputs,
  });
});

test('the Pulumi program exports the description of each cluster, defaults filled in', async () => {
  const { clusters } = require('../../infra') as typeof import('../../infra');
  const described = await new Promise<Readonly<Record<string, Cluster>>>((resolve) => {
    clusters.apply(resolve);
  });
  expect(Object.keys(described).sort()).toEqual(['local', 'nonproduction', 'production']);
  expect(described['production']).toMatchObject({
    provider: 'aws',
    production: true,
    domain: 'production.harbour.example.com',
    network: { dnsAddress: '10.96.0.10', apiServer: { host: 'api.production.harbour.example.com', port: 6443 } },
  });
});
