import { App, ApiObject, Chart } from 'cdk8s';
import { addGuardrail } from '../../charts/guardrail';
import type { ExampleObject, Guardrail } from '../../policies/guardrail';
import { CONTAINERS, WORKLOADS } from '../../policies/shared/workloads';
import type { ResolvedCluster } from '../../src/model/slices';
import type { KubernetesObject } from './platforms';

const named = (image: string) => [{ name: 'a', image }];
const GOOD = { containers: [{ name: 'main', image: 'example:1' }] };

const running = (more: object): ExampleObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'example' },
  spec: { ...GOOD, ...more },
});

/** A guardrail about containers, of whatever sort and wherever they stand: what `policies/shared/workloads.ts` is for. */
export const probe: Guardrail = {
  name: 'probe',
  summary: 'No container runs the image bad:1',
  why: 'For a test of what guardrails about containers share',
  source: 'https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/',
  match: WORKLOADS,
  variables: CONTAINERS,
  validations: [
    { expression: "variables.containers.all(one, one.image != 'bad:1')", message: 'bad:1 is bad' },
    { expression: "!('bad' in variables.podLabels) && !('bad' in variables.podAnnotations)", message: 'marked as bad' },
  ],
  examples: {
    pass: [
      { what: 'has a good image everywhere', pod: { spec: { ...GOOD, initContainers: named('good:1') } } },
      {
        what: 'gets a good container for debugging',
        old: running({}),
        object: running({ ephemeralContainers: named('good:1') }),
        subresource: 'ephemeralcontainers',
      },
    ],
    fail: [
      { what: 'has a bad image', pod: { spec: { containers: named('bad:1') } }, message: 'bad:1 is bad' },
      {
        what: 'starts with a bad image',
        pod: { spec: { ...GOOD, initContainers: named('bad:1') } },
        message: 'bad:1 is bad',
      },
      {
        what: 'gets a bad container for debugging',
        old: running({}),
        object: running({ ephemeralContainers: named('bad:1') }),
        subresource: 'ephemeralcontainers',
        message: 'bad:1 is bad',
      },
      { what: 'has a bad label', pod: { labels: { bad: 'a' }, spec: GOOD }, message: 'marked as bad' },
      { what: 'has a bad annotation', pod: { annotations: { bad: 'a' }, spec: GOOD }, message: 'marked as bad' },
      {
        what: 'comes to have a bad label',
        old: running({}),
        object: { ...running({}), metadata: { name: 'example', labels: { bad: 'a' } } },
        message: 'marked as bad',
      },
    ],
  },
};

/** A cluster as guardrails look at it. */
export const probeCluster = {
  name: 'production',
  kubernetesVersion: '1.36.3',
  gitopsNamespace: 'argocd',
  nodePools: [],
  addOns: [],
  platform: { oidc: { groupsPrefix: 'oidc:', groups: { admins: 'admins' } } },
} as unknown as ResolvedCluster;

/** The objects of a guardrail on a cluster. */
export function rendered(guardrail: Guardrail, cluster: ResolvedCluster): readonly KubernetesObject[] {
  const chart = new Chart(new App(), guardrail.name, { disableResourceNameHashes: true });
  addGuardrail(chart, guardrail, cluster);
  return chart.node
    .findAll()
    .filter((node) => ApiObject.isApiObject(node))
    .map((node) => node.toJson() as KubernetesObject);
}
