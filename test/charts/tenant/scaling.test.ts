import { renderPlatform } from '../../../src/render';
import { guardrailPath, tenantPath } from '../../../src/model/layout';
import type { Tree } from '../../../src/gitops/tree';
import { judge } from '../../support/guardrails';
import { guardrailPlatform } from '../../support/guardrail-platform';
import { addFiles, claimFile, objectIn, objectsIn, told } from '../../support/platforms';

let tree: Tree;

beforeAll(async () => {
  const root = guardrailPlatform();
  addFiles(root, {
    'tenants/claims/shop.yaml': claimFile(
      'shop',
      '  environments:\n    dev: {}\n    prod: {}\n    staging: { autoscaling: { minimum: 1, maximum: 4 } }\n',
    ),
  });
  const { tree: rendered, findings } = await renderPlatform({ root, cache: false });
  expect(told(findings)).toEqual([]);
  tree = rendered;
});

/** What the guardrail says to an autoscaler of an environment, by what stands on its rendered namespace. */
function answers(cluster: string, environment: string | undefined, object: object): readonly string[] {
  const { metadata } = objectIn(tree, tenantPath(cluster, 'shop', 'namespace', environment), 'Namespace');
  return judge(objectIn(tree, guardrailPath(cluster, 'autoscaling-bounds'), 'ValidatingAdmissionPolicy'), {
    title: '',
    operation: 'CREATE',
    request: { what: '', labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {} },
    object: object as never,
  });
}

const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const horizontal = (minReplicas: number, maxReplicas: number) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web' },
  spec: { scaleTargetRef: target, minReplicas, maxReplicas },
});
const event = (minReplicaCount: number, maxReplicaCount: number) => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name: 'web' },
  spec: { scaleTargetRef: target, minReplicaCount, maxReplicaCount, triggers: [] },
});

test('Outside of production a workload may be scaled to none, in production two stay', () => {
  expect(answers('nonproduction', 'dev', event(0, 10))).toEqual([]);
  expect(answers('production', undefined, event(2, 50))).toEqual([]);
  expect(answers('production', undefined, event(0, 50))).toEqual([
    expect.stringContaining('from 2 to 50 copies, not from 0'),
  ]);
  expect(answers('production', undefined, horizontal(1, 50))).toEqual([
    expect.stringContaining('from 2 to 50 copies, not from 1'),
  ]);
});

test('The cap is the environment’s, or what its claim says', () => {
  expect(answers('nonproduction', 'dev', horizontal(1, 11))).toEqual([expect.stringContaining('not to 11')]);
  expect(answers('nonproduction', 'staging', horizontal(1, 4))).toEqual([]);
  expect(answers('nonproduction', 'staging', horizontal(1, 5))).toEqual([
    expect.stringContaining('from 1 to 4 copies, not to 5'),
  ]);
});

test('An autoscaler that is there already can be let go of, whatever its bounds', () => {
  const policy = objectIn(tree, guardrailPath('nonproduction', 'autoscaling-bounds'), 'ValidatingAdmissionPolicy');
  const held = { ...horizontal(1, 500), metadata: { name: 'web', finalizers: ['example.com/held'] } };
  const update = (object: object) =>
    judge(policy, {
      title: '',
      operation: 'UPDATE',
      request: { what: '', annotations: { 'keelson.dev/autoscaling-maximum': '4' } },
      old: held as never,
      object: object as never,
    });
  expect(update(horizontal(1, 500))).toEqual([]);
  expect(update(horizontal(1, 501))).toHaveLength(1);
});

describe('Metrics that a tenant’s autoscaler may ask for', () => {
  test('come from its own Pods, by labels that Prometheus wrote', () => {
    const { valuesObject } = applicationOf('prometheus-adapter').spec.sources[0].helm;
    const { rules } = valuesObject;
    expect(rules.default).toBe(false);
    expect(rules.external).toEqual([]);
    expect(rules.custom.length).toBeGreaterThan(1);
    for (const rule of rules.custom as { seriesQuery: string; metricsQuery: string; resources: object }[]) {
      for (const query of [rule.seriesQuery, rule.metricsQuery]) {
        expect(query).toContain('tenant!="",namespace!="",pod!=""');
      }
      expect(rule.metricsQuery).toContain('<<.LabelMatchers>>');
      // No label of a metric's own stands for an object: `namespace` and `pod` are those of the Pod.
      expect(rule.resources).toEqual({
        overrides: { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } },
      });
    }
  });

  test('are never fetched by KEDA, which has no way to Prometheus', () => {
    const policies = objectsIn(tree, 'clusters/production/baseline/keda/network.yaml');
    expect(policies.length).toBeGreaterThan(0);
    expect(JSON.stringify(policies.map(({ spec }) => spec.egress ?? []))).not.toContain('monitoring');
  });

  function applicationOf(addOn: string) {
    return objectIn(tree, `clusters/production/apps/${addOn}.yaml`, 'Application', addOn);
  }
});

test('Priorities of tenants are below the platform’s, and what is above other tenants’ work is for few', () => {
  const classes = objectsIn(tree, 'clusters/production/baseline/priority-classes/resources.yaml') as unknown as {
    metadata: { name: string };
    value: number;
    globalDefault?: boolean;
    preemptionPolicy?: string;
  }[];
  const values = (prefix: string) =>
    classes.filter(({ metadata }) => metadata.name.startsWith(prefix)).map(({ value }) => value);
  expect(Math.max(...values('tenant-'))).toBeLessThan(Math.min(...values('platform-')));
  expect(classes.filter(({ globalDefault }) => globalDefault).map(({ metadata }) => metadata.name)).toEqual([
    'tenant-standard',
  ]);
  expect(classes.find(({ metadata }) => metadata.name === 'tenant-best-effort')?.preemptionPolicy).toBe('Never');
  // What the quota lets in is what the guardrail does.
  const quota = objectIn(tree, tenantPath('nonproduction', 'shop', 'quota', 'dev'), 'ResourceQuota', 'priority');
  expect(quota.spec.scopeSelector.matchExpressions[0]).toMatchObject({
    operator: 'NotIn',
    values: expect.arrayContaining(['tenant-best-effort', 'tenant-standard']),
  });
  expect(quota.spec.scopeSelector.matchExpressions[0].values).not.toContain('tenant-production');
});
