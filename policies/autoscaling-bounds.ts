import type { JsonObject } from '../src/model/component';
import { TENANT_NAMESPACE } from '../src/model/tenant-namespace';
import type { ExampleObject, Guardrail } from './guardrail';

/** What Kubernetes and KEDA take for a number that is left out. */
const DEFAULTS = { horizontal: { minimum: 1 }, keda: { minimum: 0, maximum: 100 } } as const;

/** An annotation by which KEDA holds a workload at a number of copies, whatever its bounds. */
const PAUSED = 'autoscaling.keda.sh/paused-replicas';

const { autoscalingMinimum: MINIMUM, autoscalingMaximum: MAXIMUM } = TENANT_NAMESPACE;
const DATABASE = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'database-orders' };
const from2to10 = { [MINIMUM]: '2', [MAXIMUM]: '10' };
const from0to10 = { [MINIMUM]: '0', [MAXIMUM]: '10' };

export const guardrail: Guardrail = {
  name: 'autoscaling-bounds',
  summary: 'Autoscalers keep to the copies that the environment allows, at the least and at the most',
  why: 'An autoscaler acts on what its metrics say: without a cap a wrong one spends the quota, and the budget, in minutes; without a floor it leaves production with one copy or none.',
  source: 'https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/',
  match: [
    {
      apiGroups: ['autoscaling'],
      apiVersions: ['v2'],
      resources: ['horizontalpodautoscalers'],
      operations: ['CREATE', 'UPDATE'],
    },
    {
      apiGroups: ['keda.sh'],
      apiVersions: ['v1alpha1'],
      resources: ['scaledjobs', 'scaledobjects'],
      operations: ['CREATE', 'UPDATE'],
    },
  ],
  variables: [
    { name: 'floor', expression: annotation(MINIMUM) },
    // Whose namespace says no cap has none to keep to: nothing may scale there.
    { name: 'cap', expression: annotation(MAXIMUM) },
    {
      name: 'least',
      expression:
        "object.kind == 'HorizontalPodAutoscaler' " +
        `? (has(object.spec.minReplicas) ? object.spec.minReplicas : ${DEFAULTS.horizontal.minimum}) ` +
        // What it stops at while nothing is to do is below its minimum.
        ': has(object.spec.idleReplicaCount) ? object.spec.idleReplicaCount ' +
        `: (has(object.spec.minReplicaCount) ? object.spec.minReplicaCount : ${DEFAULTS.keda.minimum})`,
    },
    {
      name: 'most',
      expression:
        "object.kind == 'HorizontalPodAutoscaler' ? object.spec.maxReplicas " +
        `: has(object.spec.maxReplicaCount) ? object.spec.maxReplicaCount : ${DEFAULTS.keda.maximum}`,
    },
    {
      name: 'others',
      expression:
        '(has(object.spec.fallback) ? [object.spec.fallback.replicas] : []) + ' +
        `(has(object.metadata.annotations) && '${PAUSED}' in object.metadata.annotations ? [int(object.metadata.annotations['${PAUSED}'])] : [])`,
    },
    {
      name: 'isOfTeams',
      expression:
        "object.kind == 'ScaledJob' || ((!has(object.spec.scaleTargetRef.kind) || object.spec.scaleTargetRef.kind in ['Deployment', 'StatefulSet', '']) && " +
        "(!has(object.spec.scaleTargetRef.apiVersion) || object.spec.scaleTargetRef.apiVersion in ['apps/v1', '']))",
    },
    {
      name: 'bounds',
      expression: "string(variables.floor) + ' to ' + string(variables.cap)",
    },
  ],
  validations: [
    {
      // A Job that is not needed is not there: there is no floor to it.
      expression: "object.kind == 'ScaledJob' || variables.least >= variables.floor",
      message: 'fewer copies than the environment allows: raise the minimum',
      messageExpression:
        "'this environment scales from ' + variables.bounds + ' copies, not from ' + string(variables.least) + ': raise ' + (object.kind == 'HorizontalPodAutoscaler' ? '`minReplicas`' : '`minReplicaCount`')",
    },
    {
      expression: 'variables.most <= variables.cap',
      message: 'more copies than the environment allows: lower the maximum',
      messageExpression:
        "'this environment scales from ' + variables.bounds + ' copies, not to ' + string(variables.most) + ': lower ' + (object.kind == 'HorizontalPodAutoscaler' ? '`maxReplicas`' : '`maxReplicaCount`')",
    },
    {
      expression:
        "variables.others.all(copies, copies <= variables.cap && (object.kind == 'ScaledJob' || copies >= variables.floor))",
      message: `fallback and ${PAUSED} keep to the bounds of the environment too`,
      messageExpression: `'this environment scales from ' + variables.bounds + ' copies: let \`fallback\` and the annotation ${PAUSED} keep to that'`,
    },
    {
      // Who scales acts for everybody, on whatever has a scale: a database too, whose copies the claim says.
      expression: 'variables.isOfTeams',
      message: 'Deployments and StatefulSets are scaled, of apps/v1: how many copies anything else has the claim says',
    },
  ],
  examples: {
    pass: [
      { what: 'keeps to the bounds', annotations: from2to10, object: horizontal({ minReplicas: 2, maxReplicas: 10 }) },
      { what: 'stops outside of production', annotations: from0to10, object: scaled({ maxReplicaCount: 10 }) },
      {
        what: 'keeps to the bounds with KEDA',
        annotations: from2to10,
        object: scaled({ minReplicaCount: 3, maxReplicaCount: 10, fallback: { failureThreshold: 3, replicas: 5 } }),
      },
      { what: 'runs Jobs when there is work', annotations: from2to10, object: jobs({ maxReplicaCount: 10 }) },
    ],
    fail: [
      {
        what: 'goes below the floor',
        annotations: from2to10,
        object: horizontal({ minReplicas: 1, maxReplicas: 10 }),
        message: 'scales from 2 to 10 copies, not from 1: raise `minReplicas`',
      },
      {
        what: 'says no minimum where one is not enough',
        annotations: from2to10,
        object: horizontal({ maxReplicas: 10 }),
        message: 'not from 1: raise `minReplicas`',
      },
      {
        what: 'goes beyond the cap',
        annotations: from2to10,
        object: horizontal({ minReplicas: 2, maxReplicas: 11 }),
        message: 'not to 11: lower `maxReplicas`',
      },
      {
        what: 'goes beyond the cap in the old version of its kind',
        annotations: from2to10,
        object: { ...horizontal({ minReplicas: 2, maxReplicas: 11 }), apiVersion: 'autoscaling/v1' },
        message: 'not to 11: lower `maxReplicas`',
      },
      {
        what: 'stops in production',
        annotations: from2to10,
        object: scaled({ maxReplicaCount: 10 }),
        message: 'not from 0: raise `minReplicaCount`',
      },
      {
        what: 'stops in production while nothing is to do',
        annotations: from2to10,
        object: scaled({ idleReplicaCount: 0, minReplicaCount: 2, maxReplicaCount: 10 }),
        message: 'not from 0: raise `minReplicaCount`',
      },
      {
        what: 'leaves the cap to KEDA',
        annotations: from0to10,
        object: scaled({}),
        message: 'not to 100: lower `maxReplicaCount`',
      },
      {
        what: 'leaves the number of Jobs to KEDA',
        annotations: from0to10,
        object: jobs({}),
        message: 'not to 100: lower `maxReplicaCount`',
      },
      {
        what: 'falls back to more than the cap',
        annotations: from0to10,
        object: scaled({ maxReplicaCount: 10, fallback: { failureThreshold: 3, replicas: 50 } }),
        message: 'let `fallback`',
      },
      {
        what: 'is paused beyond the cap',
        annotations: from0to10,
        object: scaled({ maxReplicaCount: 10 }, { annotations: { [PAUSED]: '500' } }),
        message: 'let `fallback`',
      },
      {
        what: 'is changed to more than the cap',
        annotations: from2to10,
        old: horizontal({ minReplicas: 2, maxReplicas: 10 }),
        object: horizontal({ minReplicas: 2, maxReplicas: 500 }),
        message: 'not to 500: lower `maxReplicas`',
      },
      {
        what: 'scales a database of the platform’s',
        annotations: from2to10,
        object: horizontal({ minReplicas: 2, maxReplicas: 10, scaleTargetRef: DATABASE }),
        message: 'Deployments and StatefulSets are scaled',
      },
      {
        what: 'scales one with KEDA',
        annotations: from0to10,
        object: scaled({ maxReplicaCount: 10, scaleTargetRef: DATABASE }),
        message: 'Deployments and StatefulSets are scaled',
      },
      {
        what: 'stands where the namespace says nothing',
        object: horizontal({ minReplicas: 1, maxReplicas: 2 }),
        message: 'scales from 0 to 0 copies',
      },
    ],
  },
};

function annotation(key: string): string {
  return `has(namespaceObject.metadata.annotations) && '${key}' in namespaceObject.metadata.annotations ? int(namespaceObject.metadata.annotations['${key}']) : 0`;
}

function horizontal(spec: JsonObject): ExampleObject {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'example' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'example' }, ...spec },
  };
}

function scaled(spec: JsonObject, metadata: JsonObject = {}): ExampleObject {
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { ...metadata, name: 'example' },
    spec: {
      scaleTargetRef: { name: 'example' },
      triggers: [
        { type: 'cron', metadata: { timezone: 'UTC', start: '0 6 * * *', end: '0 20 * * *', desiredReplicas: '2' } },
      ],
      ...spec,
    },
  };
}

function jobs(spec: JsonObject): ExampleObject {
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledJob',
    metadata: { name: 'example' },
    spec: {
      jobTargetRef: {
        template: {
          spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.example.com/shop@sha256:0' }] },
        },
      },
      triggers: [{ type: 'kubernetes-workload', metadata: { podSelector: 'app.kubernetes.io/name=shop', value: '1' } }],
      ...spec,
    },
  };
}
