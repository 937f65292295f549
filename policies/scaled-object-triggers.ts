import type { Json, JsonObject } from '../src/model/component';
import type { ExampleObject, Guardrail } from './guardrail';

/**
 * Triggers that look at nothing but the clock and the namespace's own Pods. All others have KEDA's operator connect to
 * an address of the tenant's choice, from the platform's network and with the platform's identity. What Prometheus
 * knows comes by the API server instead, as custom metrics of the namespace: it says whose they are.
 */
const TRIGGERS: readonly string[] = ['cpu', 'cron', 'kubernetes-workload', 'memory'];

export const guardrail: Guardrail = {
  name: 'scaled-object-triggers',
  summary: 'KEDA scales tenants by the clock and by their own Pods; other metrics come through the API server',
  why: 'KEDA asks whatever a trigger names, from its own place in the network and with its own rights: a trigger is a way into other tenants’ metrics and past every network policy.',
  source: 'https://keda.sh/docs/latest/reference/scaledobject-spec/#triggers',
  match: [
    {
      apiGroups: ['keda.sh'],
      apiVersions: ['v1alpha1'],
      resources: ['scaledjobs', 'scaledobjects'],
      operations: ['CREATE', 'UPDATE'],
    },
  ],
  needs: ['keda'],
  validations: [
    {
      expression: `object.spec.triggers.all(trigger, trigger.type in ${JSON.stringify(TRIGGERS)})`,
      message: `triggers of tenants are ${TRIGGERS.join(', ')}: for a metric that your Pods serve write a HorizontalPodAutoscaler with a metric of type \`Pods\``,
    },
    {
      expression: 'object.spec.triggers.all(trigger, !has(trigger.authenticationRef))',
      message: 'no trigger of a tenant’s signs in anywhere: leave `authenticationRef` out',
    },
  ],
  examples: {
    pass: [
      {
        what: 'follows the clock',
        object: scaled('ScaledObject', [
          { type: 'cron', metadata: { timezone: 'UTC', start: '0 6 * * *', end: '0 20 * * *', desiredReplicas: '2' } },
        ]),
      },
      {
        what: 'follows its own Pods',
        object: scaled('ScaledObject', [
          { type: 'cpu', metricType: 'Utilization', metadata: { value: '60' } },
          { type: 'memory', metricType: 'Utilization', metadata: { value: '80' } },
          { type: 'kubernetes-workload', metadata: { podSelector: 'app.kubernetes.io/name=shop', value: '1' } },
        ]),
      },
      {
        what: 'runs Jobs by its own Pods',
        object: scaled('ScaledJob', [
          { type: 'kubernetes-workload', metadata: { podSelector: 'app.kubernetes.io/name=shop', value: '1' } },
        ]),
      },
    ],
    fail: [
      {
        what: 'asks Prometheus itself',
        object: scaled('ScaledObject', [prometheus()]),
        message: 'triggers of tenants are cpu, cron, kubernetes-workload, memory',
      },
      {
        what: 'asks Prometheus itself, second of two',
        object: scaled('ScaledObject', [{ type: 'cpu', metadata: { value: '60' } }, prometheus()]),
        message: 'triggers of tenants are',
      },
      {
        what: 'runs Jobs by a queue outside with the operator’s identity',
        object: scaled('ScaledJob', [
          {
            type: 'aws-sqs-queue',
            metadata: {
              queueURL: 'https://sqs.eu-central-1.amazonaws.com/1/other',
              awsRegion: 'eu-central-1',
              identityOwner: 'operator',
            },
          },
        ]),
        message: 'triggers of tenants are',
      },
      {
        what: 'asks an address of its choice',
        object: scaled('ScaledObject', [
          { type: 'metrics-api', metadata: { url: 'http://169.254.169.254/', valueLocation: 'a', targetValue: '1' } },
        ]),
        message: 'triggers of tenants are',
      },
      {
        what: 'signs in',
        object: scaled('ScaledObject', [
          {
            type: 'cpu',
            metadata: { value: '60' },
            authenticationRef: { name: 'shared', kind: 'ClusterTriggerAuthentication' },
          },
        ]),
        message: 'leave `authenticationRef` out',
      },
    ],
  },
};

function prometheus(): JsonObject {
  return {
    type: 'prometheus',
    metadata: {
      serverAddress: 'http://kube-prometheus-stack-prometheus.monitoring.svc:9090',
      query: 'sum(rate(http_requests_total{namespace="other-prod"}[2m]))',
      threshold: '1',
    },
  };
}

function scaled(kind: 'ScaledObject' | 'ScaledJob', triggers: readonly Json[]): ExampleObject {
  const target: JsonObject =
    kind === 'ScaledObject'
      ? { scaleTargetRef: { name: 'example' } }
      : {
          jobTargetRef: {
            template: {
              spec: {
                restartPolicy: 'Never',
                containers: [{ name: 'main', image: 'registry.example.com/shop@sha256:0' }],
              },
            },
          },
        };
  return { apiVersion: 'keda.sh/v1alpha1', kind, metadata: { name: 'example' }, spec: { ...target, triggers } };
}
