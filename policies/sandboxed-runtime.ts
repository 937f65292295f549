import { SANDBOX, SANDBOX_LABEL } from '../src/model/sandbox';
import { TENANT_NAMESPACE } from '../src/model/tenant-namespace';
import type { Guardrail } from './guardrail';
import { fillsIn } from './shared/cel';
import { POD_SPEC, WORKLOADS } from './shared/workloads';

const CONTAINERS = [{ name: 'main', image: 'registry.example.com/shop@sha256:0' }];
const TIER_2 = { [TENANT_NAMESPACE.tier]: '2' };

export const guardrail: Guardrail = {
  name: 'sandboxed-runtime',
  summary: 'Pods of tier 2 run under gVisor',
  why: 'A container under runc shares the kernel of its machine with every other: one fault of the kernel is a way to all of them. Where the sandbox is left to good will, the one Pod that forgets it is that way.',
  source: 'https://kubernetes.io/docs/concepts/security/multi-tenancy/#sandboxing-containers',
  match: WORKLOADS,
  // For everybody: what the platform runs for a tenant runs where the tenant's own does.
  excludes: [],
  namespaces: [{ key: TENANT_NAMESPACE.tier, operator: 'In', values: ['2'] }],
  needs: ['gvisor'],
  variables: POD_SPEC,
  validations: [
    {
      // Where it is filled in, a template may leave it out: its Pods will have it.
      expression: (cluster) =>
        `has(variables.podSpec.runtimeClassName) ? variables.podSpec.runtimeClassName == '${SANDBOX.runtimeClass}' : ${
          fillsIn(cluster) ? '!variables.isPod' : 'false'
        }`,
      message: `Pods of tier 2 run sandboxed: write \`runtimeClassName: ${SANDBOX.runtimeClass}\` in the spec of the Pod`,
    },
  ],
  mutation: {
    when: [{ name: 'no-runtime-named', expression: '!has(object.spec.runtimeClassName)' }],
    patches: [
      {
        patchType: 'ApplyConfiguration',
        expression: `Object{spec: Object.spec{runtimeClassName: '${SANDBOX.runtimeClass}'}}`,
      },
    ],
  },
  examples: {
    pass: [
      {
        what: 'names the sandbox',
        labels: TIER_2,
        pod: { spec: { runtimeClassName: SANDBOX.runtimeClass, containers: CONTAINERS } },
      },
      {
        what: 'names nothing, and is given the sandbox',
        labels: TIER_2,
        pod: { spec: { containers: CONTAINERS } },
        kinds: ['Pod'],
        // And Kubernetes adds where the sandbox is.
        filled: {
          spec: {
            runtimeClassName: SANDBOX.runtimeClass,
            nodeSelector: { [SANDBOX_LABEL.key]: SANDBOX_LABEL.value },
          },
        },
      },
      {
        what: 'is of another tier',
        labels: { [TENANT_NAMESPACE.tier]: '1' },
        pod: { spec: { containers: CONTAINERS } },
      },
    ],
    fail: [
      {
        what: 'names another runtime',
        labels: TIER_2,
        pod: { spec: { runtimeClassName: 'runc', containers: CONTAINERS } },
        message: 'write `runtimeClassName: gvisor`',
      },
    ],
  },
};
