import { DATABASE_LABEL } from '../src/model/database';
import { DELIVERY_NAMESPACE } from '../src/model/names';
import type { Guardrail } from './guardrail';
import { IS_OF_THE_PLATFORM, serviceAccount } from './shared/users';
import { POD_SPEC, WORKLOADS } from './shared/workloads';

/** Label by which the operator of PostgreSQL knows its Pods. */
const CLUSTER_LABEL = 'cnpg.io/cluster';

const CONTAINERS = [{ name: 'main', image: 'registry.example.com/shop@sha256:0' }];
const ROBOT = serviceAccount(DELIVERY_NAMESPACE, 'example-live');

const database = (labels: Readonly<Record<string, string>>) => ({ labels, spec: { containers: CONTAINERS } });

export const guardrail: Guardrail = {
  name: 'database-pods',
  summary: 'Pods of databases are made by the platform alone',
  why: 'Instances of a database reach the Kubernetes API and are reached by their operator, by their labels. A Pod that took such a label would have the same ways, and stand among those that a Service of the database leads to.',
  source: 'https://cloudnative-pg.io/documentation/current/security/#network-policies',
  match: WORKLOADS,
  needs: ['cloudnative-pg'],
  variables: POD_SPEC,
  validations: [
    {
      expression: `${IS_OF_THE_PLATFORM} || !('${DATABASE_LABEL}' in variables.podLabels || '${CLUSTER_LABEL}' in variables.podLabels)`,
      message: `the labels ${DATABASE_LABEL} and ${CLUSTER_LABEL} are those of databases' own Pods: leave them out`,
    },
  ],
  examples: {
    pass: [
      {
        what: 'is an instance that the operator makes',
        pod: database({ [DATABASE_LABEL]: 'orders', [CLUSTER_LABEL]: 'database-orders' }),
        user: serviceAccount('cnpg-system', 'cloudnative-pg'),
      },
      { what: 'is something else', pod: database({ 'app.kubernetes.io/name': 'web' }) },
    ],
    fail: [
      {
        what: 'would be let to the Kubernetes API',
        pod: database({ [DATABASE_LABEL]: 'orders' }),
        message: 'leave them out',
      },
      {
        what: 'would stand among the instances of a Service',
        pod: database({ [CLUSTER_LABEL]: 'database-orders' }),
        user: ROBOT,
        message: 'leave them out',
      },
    ],
  },
};
