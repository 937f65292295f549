import type * as pulumi from '@pulumi/pulumi';
import type { Platform } from '../../src/model';
import { type ClusterOutputs, outputsFile } from '../../src/model/outputs';
import type * as clusters from '../../src/model/resolve/clusters';
import outputsSchema from '../../src/model/schema/outputs.schema.json';
import { validateShape } from '../../src/model/validate';

/** Every resource that the program declared, by its URN's type and name. */
const declared: { type: string; name: string; inputs: Record<string, unknown> }[] = [];

/** Runs the program as the stack of one cluster, under mocks. */
async function runStack(stack: string): Promise<Record<string, unknown>> {
  declared.length = 0;
  jest.resetModules();
  const fresh = require('@pulumi/pulumi') as typeof pulumi;
  await fresh.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        declared.push({ type, name, inputs });
        return { id: name, state: { ...inputs, facts: {} } };
      },
      call: ({ inputs }) => inputs,
    },
    'keelson',
    stack,
  );
  const outputs = require('../../infra') as Record<string, unknown>;
  await new Promise((resolve) => setTimeout(resolve, 500));
  return outputs;
}

test('the stack `local` declares secrets, hosts one after the other, the bootstrap and simulated nodes', async () => {
  const outputs = await runStack('local');
  expect(declared.map(({ type, name }) => `${type} ${name}`)).toEqual([
    'keelson:local:Secrets secrets',
    'keelson:local:Host control-plane-1',
    'keelson:local:Host load-balancer',
    'keelson:local:Bootstrap bootstrap',
    'keelson:local:Host nodes',
    'keelson:local:Nodes nodes',
  ]);
  expect(outputs).toMatchObject({ endpoint: 'https://127.20.0.10:6443' });
  const known = await new Promise((resolve) => {
    (outputs['outputs'] as pulumi.Output<object>).apply(resolve);
  });
  const { describeClusters } = require('../../src/model/resolve/clusters') as typeof clusters;
  const { platform } = require('../../platform') as { platform: Platform };
  const file = outputsFile(describeClusters(platform.props).get('local')!, known as ClusterOutputs);
  expect(known).toMatchObject({ api: { host: '127.20.0.10', port: 6443 } });
  expect(validateShape(outputsSchema, file, { file: 'outputs' })).toEqual([]);
});

test('nothing that the program tells Pulumi is secret', async () => {
  await runStack('local');
  expect(JSON.stringify(declared)).not.toMatch(/-----BEGIN/);
});

test('a stack that is named after no cluster is told which there are', async () => {
  await expect(runStack('elsewhere')).rejects.toThrow(
    "platform.ts has no cluster 'elsewhere': a stack is named after its cluster: local, nonproduction, production",
  );
});
