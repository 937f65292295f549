import type { RequestMatch, Variable } from '../guardrail';

/** Pods: as they are made, and the three ways to change one that runs. */
export const PODS: readonly RequestMatch[] = [
  { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE', 'UPDATE'] },
  {
    apiGroups: [''],
    apiVersions: ['v1'],
    resources: ['pods/ephemeralcontainers', 'pods/resize'],
    operations: ['UPDATE'],
  },
];

/**
 * Every kind that holds a template of Pods, so that whoever applies one is told at once and not by its controller. Where
 * it matters who somebody is, it is the only time to see: their controllers act for everybody.
 */
export const TEMPLATES: readonly RequestMatch[] = [
  {
    apiGroups: ['apps'],
    apiVersions: ['v1'],
    resources: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'],
    operations: ['CREATE', 'UPDATE'],
  },
  { apiGroups: ['batch'], apiVersions: ['v1'], resources: ['cronjobs', 'jobs'], operations: ['CREATE', 'UPDATE'] },
  {
    apiGroups: [''],
    apiVersions: ['v1'],
    resources: ['replicationcontrollers'],
    operations: ['CREATE', 'UPDATE'],
  },
  { apiGroups: ['keda.sh'], apiVersions: ['v1alpha1'], resources: ['scaledjobs'], operations: ['CREATE', 'UPDATE'] },
];

/** Pods and whatever makes them. */
export const WORKLOADS: readonly RequestMatch[] = [...PODS, ...TEMPLATES];

/** Pods as they are made: what mutations act on. */
export const NEW_PODS: readonly RequestMatch[] = [
  { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] },
];

/** `variables.isPod`, and of a Pod or of the template in a workload `podSpec`, `podLabels` and `podAnnotations`. */
export const POD_SPEC: readonly Variable[] = [
  { name: 'isPod', expression: "object.kind == 'Pod'" },
  {
    name: 'template',
    expression:
      "object.kind == 'Pod' ? object : object.kind == 'CronJob' ? object.spec.jobTemplate.spec.template " +
      ": object.kind == 'ScaledJob' ? object.spec.jobTargetRef.template : object.spec.template",
  },
  // A template may have no metadata at all.
  { name: 'podLabels', expression: metadata('labels') },
  { name: 'podAnnotations', expression: metadata('annotations') },
  { name: 'podSpec', expression: 'variables.template.spec' },
];

/** `POD_SPEC`, and `variables.containers`: all of its containers, those for the start and for debugging too. */
export const CONTAINERS: readonly Variable[] = [
  ...POD_SPEC,
  {
    name: 'containers',
    expression: [
      'variables.podSpec.containers',
      ...['initContainers', 'ephemeralContainers'].map(
        (list) => `(has(variables.podSpec.${list}) ? variables.podSpec.${list} : [])`,
      ),
    ].join(' + '),
  },
];

function metadata(field: string): string {
  return `has(variables.template.metadata) && has(variables.template.metadata.${field}) ? variables.template.metadata.${field} : {}`;
}
