import type { JsonObject } from '../src/model/component';
import { DELIVERY_NAMESPACE } from '../src/model/names';
import type { ExampleObject, Guardrail, RequestMatch } from './guardrail';
import { serviceAccount } from './shared/users';

/** Argo CD's annotation, and what it must say of whatever holds data. */
const OPTIONS = 'argocd.argoproj.io/sync-options';
const ASKS = ['Prune=confirm', 'Delete=confirm'];

const HAS_OPTIONS = `has(object.metadata.annotations) && '${OPTIONS}' in object.metadata.annotations`;
const SAID = `(${HAS_OPTIONS} ? object.metadata.annotations['${OPTIONS}'] : '')`;
const MISSING = `['${ASKS.join("', '")}'].filter(option, !(option in ${SAID}.split(',')))`;

const VOLUMES: RequestMatch = {
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['persistentvolumeclaims'],
  operations: ['CREATE', 'UPDATE'],
};

const RETENTION = 'object.spec.persistentVolumeClaimRetentionPolicy';

const ROBOT = serviceAccount(DELIVERY_NAMESPACE, 'example-live');

function claim(options?: string): ExampleObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'orders', ...(options === undefined ? {} : { annotations: { [OPTIONS]: options } }) },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
}

function set(retention?: JsonObject): ExampleObject {
  const labels = { app: 'orders' };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'orders' },
    spec: {
      serviceName: 'orders',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'main', image: 'registry.example.com/shop@sha256:0' }] },
      },
      ...(retention === undefined ? {} : { persistentVolumeClaimRetentionPolicy: retention }),
    },
  };
}

const filled = (options: string) => ({ metadata: { annotations: { [OPTIONS]: options } } });

/** It is filled in for whoever sends it: what a person makes by hand may come under a repository later. */
export const guardrail: Guardrail = {
  name: 'kept-volumes',
  summary: 'Volumes that a repository brings are deleted when somebody has agreed, not when they leave the repository',
  why: 'Argo CD deletes what is no longer in git: a file that is renamed or lost in a merge would take a volume and all of its data along.',
  source: 'https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/',
  match: [
    VOLUMES,
    { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['statefulsets'], operations: ['CREATE', 'UPDATE'] },
  ],
  excludes: [],
  validations: [
    {
      // Claims that no repository brings, such as those of a StatefulSet, are never pruned.
      expression: `object.kind != 'PersistentVolumeClaim' || !request.userInfo.username.startsWith('${serviceAccount(DELIVERY_NAMESPACE, '')}') || ${MISSING}.size() == 0`,
      message: `a volume holds data: give it the annotation ${OPTIONS}: ${ASKS.join(',')}`,
    },
    {
      expression: `object.kind != 'StatefulSet' || !has(${RETENTION}) || !has(${RETENTION}.whenDeleted) || ${RETENTION}.whenDeleted == 'Retain'`,
      message:
        'a StatefulSet that leaves the repository is deleted: write `whenDeleted: Retain`, so that its volumes stay',
    },
  ],
  mutation: {
    match: [VOLUMES],
    when: [{ name: 'does-not-ask', expression: `${MISSING}.size() > 0` }],
    patches: [
      {
        patchType: 'JSONPatch',
        expression: [
          "(has(object.metadata.annotations) ? [] : [JSONPatch{op: 'add', path: '/metadata/annotations', value: {}}])",
          `[JSONPatch{op: 'add', path: '/metadata/annotations/' + jsonpatch.escapeKey('${OPTIONS}'), value: ((${SAID} == '' ? [] : [${SAID}]) + ${MISSING}).join(',')}]`,
        ].join(' + '),
      },
    ],
  },
  examples: {
    pass: [
      { what: 'asks', user: ROBOT, object: claim(ASKS.join(',')) },
      { what: 'says nothing, and is made to ask', user: ROBOT, object: claim(), filled: filled(ASKS.join(',')) },
      {
        what: 'says something else, and is made to ask as well',
        user: ROBOT,
        object: claim('ServerSideApply=true,Delete=confirm'),
        filled: filled('ServerSideApply=true,Delete=confirm,Prune=confirm'),
      },
      { what: 'is what somebody makes by hand', object: claim() },
      { what: 'keeps volumes by default', object: set() },
      { what: 'lets go of volumes when it has fewer copies', object: set({ whenScaled: 'Delete' }) },
      { what: 'keeps volumes and says so', object: set({ whenDeleted: 'Retain', whenScaled: 'Retain' }) },
    ],
    fail: [
      {
        what: 'takes its volumes along',
        object: set({ whenDeleted: 'Delete' }),
        message: 'whenDeleted: Retain',
      },
    ],
  },
};
