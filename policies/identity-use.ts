import { TENANT_NAMESPACE } from '../src/model/tenant-namespace';
import type { Guardrail } from './guardrail';
import { POD_SPEC, WORKLOADS } from './shared/workloads';

const PREFIX = TENANT_NAMESPACE.identityPrefix;
const WORKLOAD = 'app.kubernetes.io/name';

const ANNOTATIONS = {
  [`${PREFIX}uploader`]: 'api,worker',
  [`${PREFIX}secret-store.tenant`]: '',
};
const pod = (serviceAccountName: string | undefined, name?: string) => ({
  ...(name === undefined ? {} : { labels: { [WORKLOAD]: name } }),
  spec: {
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
    containers: [{ name: 'main', image: 'registry.example.com/shop@sha256:0' }],
  },
});

export const guardrail: Guardrail = {
  name: 'identity-use',
  summary: 'A ServiceAccount that acts as a role of the cloud is for the workloads that its claim names',
  why: 'Whoever can create Pods can run one as any ServiceAccount of the namespace: without this the strongest role of a namespace is everybody’s who works in it, and the role that reads all of its secrets too.',
  source: 'https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation',
  match: WORKLOADS,
  variables: [
    ...POD_SPEC,
    {
      // Kubernetes keeps an older name of the field, and fills in the one from the other.
      name: 'account',
      expression:
        "has(variables.podSpec.serviceAccountName) && variables.podSpec.serviceAccountName != '' ? variables.podSpec.serviceAccountName " +
        ": has(variables.podSpec.serviceAccount) ? variables.podSpec.serviceAccount : ''",
    },
    { name: 'key', expression: `'${PREFIX}' + variables.account` },
    {
      name: 'bound',
      expression: 'has(namespaceObject.metadata.annotations) && variables.key in namespaceObject.metadata.annotations',
    },
    {
      name: 'workloads',
      expression: "variables.bound ? namespaceObject.metadata.annotations[variables.key].split(',') : []",
    },
    {
      name: 'workload',
      expression: `'${WORKLOAD}' in variables.podLabels ? variables.podLabels['${WORKLOAD}'] : ''`,
    },
  ],
  validations: [
    {
      // An empty list splits into one empty name, which an empty label is too.
      expression: "!variables.bound || (variables.workload != '' && variables.workload in variables.workloads)",
      message: `this ServiceAccount acts in the cloud, and is not for this workload: let the claim name its label ${WORKLOAD}, or use another account`,
      messageExpression:
        `'ServiceAccount ' + variables.account + ' acts in the cloud for ' + ` +
        `(namespaceObject.metadata.annotations[variables.key] == '' ? 'External Secrets alone' : 'workloads ' + variables.workloads.join(', ')) + ` +
        `', by their label ${WORKLOAD}: use another account, or let the claim name this workload'`,
    },
  ],
  examples: {
    pass: [
      { what: 'is a workload that the claim names', annotations: ANNOTATIONS, pod: pod('uploader', 'worker') },
      { what: 'uses an account without a role', annotations: ANNOTATIONS, pod: pod('plain', 'web') },
      { what: 'names no account', annotations: ANNOTATIONS, pod: pod(undefined) },
    ],
    fail: [
      {
        what: 'is another workload',
        annotations: ANNOTATIONS,
        pod: pod('uploader', 'web'),
        message: 'for workloads api, worker',
      },
      {
        what: 'says not which workload it is',
        annotations: ANNOTATIONS,
        pod: pod('uploader'),
        message: 'for workloads api, worker',
      },
      {
        what: 'is called like a part of the list',
        annotations: ANNOTATIONS,
        pod: pod('uploader', 'api-x'),
        message: 'for workloads api, worker',
      },
      {
        what: 'would read secrets in place of External Secrets',
        annotations: ANNOTATIONS,
        pod: pod('secret-store.tenant', 'api'),
        message: 'External Secrets alone',
      },
      {
        what: 'would read secrets as a workload without a name',
        annotations: ANNOTATIONS,
        pod: pod('secret-store.tenant', ''),
        message: 'External Secrets alone',
      },
    ],
  },
};
