import * as pulumi from '@pulumi/pulumi';
import { platform } from '../../platform';
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
  expect(Object.keys(described).sort()).toEqual(Object.keys(platform.props.clusters).sort());
  for (const [name, cluster] of Object.entries(described)) {
    expect(cluster.name).toBe(name);
    expect(cluster.network.dnsAddress).toMatch(/^[0-9a-f.:]+$/);
    expect(cluster.network.apiServer.host).toContain('.');
    expect(cluster.nodePools.every(({ minimum, maximum }) => minimum <= maximum)).toBe(true);
  }
});
