import type { JsonObject } from '../src/model/component';
import { BREAK_GLASS_NAMESPACE, DELIVERY_NAMESPACE } from '../src/model/names';
import type { ExampleObject, Guardrail, RequestMatch } from './guardrail';
import { TEAM_KINDS } from './shared/team-kinds';
import { IS_OF_THE_PLATFORM, isAdministrator, serviceAccount } from './shared/users';

/** Label of everything that Keelson writes. */
const LABEL = 'app.kubernetes.io/managed-by';
const VALUE = 'keelson';

const labelled = (object: string) =>
  `(has(${object}.metadata.labels) && '${LABEL}' in ${object}.metadata.labels && ${object}.metadata.labels['${LABEL}'] == '${VALUE}')`;

const policy = (platform: boolean, port = 80, metadata: JsonObject = {}): ExampleObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { ...metadata, name: 'web', labels: platform ? { [LABEL]: VALUE } : { app: 'web' } },
  spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }], ports: [{ port }] }] },
});

const ROBOT = serviceAccount(DELIVERY_NAMESPACE, 'example-live');

export const guardrail: Guardrail = {
  name: 'platform-objects',
  summary: 'What the platform wrote into a tenant’s namespace is changed and deleted by the platform alone',
  why: 'A Role says which kinds somebody may change, not which objects: who may write NetworkPolicies could delete the one that denies everything.',
  source: 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/',
  match: TEAM_KINDS.map((kinds): RequestMatch => ({ ...kinds, operations: ['CREATE', 'UPDATE', 'DELETE'] })),
  // Whose owner is gone is deleted by Kubernetes, which nobody would refuse.
  everyUpdate: true,
  variables: [
    { name: 'platform', expression: (cluster) => `${IS_OF_THE_PLATFORM} || ${isAdministrator(cluster)}` },
    { name: 'was', expression: `request.operation != 'CREATE' && ${labelled('oldObject')}` },
    { name: 'is', expression: `request.operation != 'DELETE' && ${labelled('object')}` },
  ],
  validations: [
    {
      expression: 'variables.platform || !variables.was',
      message: `the platform wrote this object (label ${LABEL}: ${VALUE}): change the claim instead, or give yours another name`,
    },
    {
      expression: 'variables.platform || !variables.is',
      message: `the label ${LABEL}: ${VALUE} marks what the platform writes: leave it out`,
    },
  ],
  examples: {
    pass: [
      { what: 'makes a NetworkPolicy of its own', object: policy(false) },
      { what: 'changes its own', object: policy(false, 81), old: policy(false), user: ROBOT },
      {
        what: 'is a controller of the platform that writes what the platform wrote',
        object: policy(true, 81),
        old: policy(true),
        user: serviceAccount('kube-system', 'generic-garbage-collector'),
      },
    ],
    fail: [
      {
        what: 'changes what the platform wrote',
        object: policy(true, 81),
        old: policy(true),
        message: 'the platform wrote this object',
      },
      {
        what: 'makes its own ConfigMap the owner of what the platform wrote, so that both go together',
        object: policy(true, 80, {
          ownerReferences: [
            { apiVersion: 'v1', kind: 'ConfigMap', name: 'web', uid: '7d7f4b1c-3c0e-4b8e-9d5a-0f6f3a2b1c4d' },
          ],
        }),
        old: policy(true),
        message: 'the platform wrote this object',
      },
      {
        what: 'keeps what the platform wrote from going',
        object: policy(true, 80, { finalizers: ['example.com/mine'] }),
        old: policy(true),
        user: ROBOT,
        message: 'the platform wrote this object',
      },
      {
        what: 'takes the mark off what the platform wrote',
        object: policy(false),
        old: policy(true),
        user: ROBOT,
        message: 'the platform wrote this object',
      },
      {
        what: 'marks its own as the platform’s',
        object: policy(true),
        user: ROBOT,
        message: 'marks what the platform writes',
      },
      {
        what: 'marks its own later',
        object: policy(true),
        old: policy(false),
        user: serviceAccount('example', 'default'),
        message: 'marks what the platform writes',
      },
      {
        what: 'is somebody who broke the glass',
        object: policy(true, 81),
        old: policy(true),
        user: serviceAccount(BREAK_GLASS_NAMESPACE, 'example-live'),
        message: 'the platform wrote this object',
      },
    ],
  },
};
