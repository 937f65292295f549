import { SCRATCH_ENDING } from '../../src/model/names';
import type { JsonObject } from '../component';
import { RESTORED, RESTORE_CHECK } from './facts';
import { IMAGE } from './settings';

const { label } = RESTORE_CHECK;

const isOwn = (object: string) =>
  `has(${object}.metadata.labels) && '${label}' in ${object}.metadata.labels && ${object}.metadata.labels['${label}'] == 'true'`;
const isScratch = (name: string) => `${name}.endsWith('${SCRATCH_ENDING}')`;

/** A restriction, and for which kinds it is one. */
const when = (kind: string, then: string) => `request.resource.resource != '${kind}' || (${then})`;

/** Names of what may be restored, as Velero writes them. */
const RESOURCES = Object.entries(RESTORED).flatMap(([group, kinds]) =>
  kinds.map((kind) => (group === '' ? kind : `${kind}.${group}`)),
);

/**
 * What the checker may do with its rights, which Roles cannot say: RBAC knows no beginnings or endings of names, and
 * whoever may make Restores has Velero make anything anywhere.
 */
export function bounds(user: string): { readonly spec: JsonObject } {
  const validations: readonly (readonly [string, string])[] = [
    [
      when(
        'namespaces',
        `request.operation == 'DELETE' ? (${isOwn('oldObject')}) : (${isOwn('object')}) && !('tenant' in object.metadata.labels) && ${isScratch('object.metadata.name')}`,
      ),
      'it makes and takes away scratch namespaces only',
    ],
    ...['networkpolicies', 'ciliumnetworkpolicies', 'resourcequotas'].map(
      (kind) => [when(kind, isScratch('request.namespace')), 'it closes scratch namespaces only'] as const,
    ),
    [
      when(
        'pods',
        `request.operation == 'DELETE' ? (${isOwn('oldObject')}) : (${isOwn('object')})` +
          ` && has(object.spec.automountServiceAccountToken) && !object.spec.automountServiceAccountToken` +
          ` && (!has(object.spec.serviceAccountName) || object.spec.serviceAccountName in ['', 'default'])` +
          ` && !has(object.spec.initContainers) && object.spec.containers.all(one, one.image == '${IMAGE}')` +
          ` && object.spec.volumes.all(one, has(one.persistentVolumeClaim) && has(one.persistentVolumeClaim.readOnly) && one.persistentVolumeClaim.readOnly)`,
      ),
      'its Pods read volumes, and have no token',
    ],
    [
      when(
        'restores',
        `request.operation == 'UPDATE' ? object.spec == oldObject.spec && (${isOwn('oldObject')}) : (${isOwn('object')})` +
          ` && has(object.spec.includedNamespaces) && size(object.spec.includedNamespaces) == 1` +
          ` && has(object.spec.namespaceMapping) && object.spec.includedNamespaces.all(one, one in object.spec.namespaceMapping && ${isScratch('object.spec.namespaceMapping[one]')})` +
          ` && has(object.spec.includedResources) && object.spec.includedResources.all(one, one in ${JSON.stringify(RESOURCES)})` +
          ` && size(object.spec.includedResources) > 0 && !has(object.spec.includeClusterResources)`,
      ),
      'it restores one namespace into its scratch, and of it only what is compared',
    ],
  ];
  const resource = (apiGroup: string, resources: string[], operations: string[]) => ({
    apiGroups: [apiGroup],
    apiVersions: ['*'],
    resources,
    operations,
  });
  return {
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          resource('', ['namespaces', 'pods'], ['CREATE', 'DELETE', 'UPDATE']),
          resource('', ['resourcequotas'], ['CREATE']),
          resource('networking.k8s.io', ['networkpolicies'], ['CREATE']),
          resource('cilium.io', ['ciliumnetworkpolicies'], ['CREATE']),
          resource('velero.io', ['restores'], ['CREATE', 'UPDATE']),
        ],
      },
      matchConditions: [{ name: 'is-the-checker', expression: `request.userInfo.username == '${user}'` }],
      validations: validations.map(([expression, message]) => ({
        expression,
        message: `the restore checker is held to its work: ${message}`,
      })),
    },
  };
}
