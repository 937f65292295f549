import { BACKUPS_NAMESPACE, DELIVERY_NAMESPACE } from '../src/model/names';
import type { ExampleObject, Guardrail, RequestMatch } from './guardrail';
import { TEAM_KINDS } from './shared/team-kinds';
import { isAdministrator, platformDelivery, serviceAccount } from './shared/users';

/** Argo CD's word for whose an object is: `<Application>:<group>/<kind>:<namespace>/<name>`. */
const TRACKING = 'argocd.argoproj.io/tracking-id';

const tracked = (object: string) =>
  `(has(${object}.metadata.annotations) && '${TRACKING}' in ${object}.metadata.annotations ? ${object}.metadata.annotations['${TRACKING}'] : '')`;

const object = (annotations: Readonly<Record<string, string>>): ExampleObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'example', annotations },
});
const of = (application: string, kind = 'ConfigMap') => ({ [TRACKING]: `${application}:/${kind}:example/example` });

const ROBOT = serviceAccount(DELIVERY_NAMESPACE, 'example-live');

export const guardrail: Guardrail = {
  name: 'delivery-tracking',
  summary: 'Which Application an object is of is written by Argo CD alone',
  why: 'An Application deletes what bears its name and is not in git. An object that is made to look like the platform’s, or another tenant’s, and asks for a confirmation first keeps that Application from deploying anything until somebody finds it.',
  source: 'https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/',
  match: TEAM_KINDS.map((kinds): RequestMatch => ({ ...kinds, operations: ['CREATE', 'UPDATE'] })),
  // What is restored was judged when it was made. Controllers are asked: they write what a template says.
  excludes: [platformDelivery, () => serviceAccount(BACKUPS_NAMESPACE, 'velero-server')],
  variables: [
    { name: 'tracked', expression: tracked('object') },
    { name: 'before', expression: `request.operation == 'UPDATE' ? ${tracked('oldObject')} : ''` },
    // Whoever copies an object, as controllers do, copies a name that is not the copy's: Argo CD passes over those.
    {
      name: 'self',
      expression:
        `variables.tracked.contains(':' + (object.apiVersion.contains('/') ? object.apiVersion.split('/')[0] : '') + '/' + object.kind + ':') && ` +
        `variables.tracked.endsWith('/' + object.metadata.name)`,
    },
  ],
  validations: [
    {
      expression: (cluster) =>
        `variables.tracked == '' || variables.tracked == variables.before || !variables.self || ` +
        `request.userInfo.username.startsWith('${serviceAccount(DELIVERY_NAMESPACE, '')}') || ${isAdministrator(cluster)}`,
      message: `Argo CD writes by itself which Application an object is of: leave the annotation ${TRACKING} out`,
    },
  ],
  examples: {
    pass: [
      { what: 'is of no Application', object: object({}) },
      { what: 'is deployed by the robot', object: object(of('delivery-example-live.shop')), user: ROBOT },
      {
        what: 'is changed by hand after it was deployed',
        object: object({ ...of('delivery-example-live.shop'), colour: 'blue' }),
        old: object(of('delivery-example-live.shop')),
      },
      {
        what: 'is copied with all of its annotations by a controller',
        object: object(of('tenant-example', 'Gateway')),
        user: serviceAccount('istio-system', 'istiod'),
      },
      {
        what: 'is restored from a backup',
        object: object(of('tenant-example')),
        user: serviceAccount(BACKUPS_NAMESPACE, 'velero-server'),
      },
    ],
    fail: [
      {
        what: 'looks like the platform’s own',
        object: object({ ...of('root'), 'argocd.argoproj.io/sync-options': 'Prune=confirm' }),
        message: 'leave the annotation',
      },
      {
        what: 'comes to look like another tenant’s',
        object: object(of('tenant-other')),
        old: object({}),
        message: 'leave the annotation',
      },
      {
        what: 'is made so by a controller, as a template says',
        object: object(of('root')),
        user: serviceAccount('kube-system', 'statefulset-controller'),
        message: 'leave the annotation',
      },
    ],
  },
};
