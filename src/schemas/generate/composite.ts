import { DATABASE_GROUP, DATABASE_KIND, DATABASE_PLURAL, DATABASE_VERSIONS } from '../../model/database';
import type { RawSchema } from '../raw-schema';
import type { Crd } from './crds';

/** What Crossplane itself writes into the spec of a namespaced composite resource. */
const MACHINERY: RawSchema = {
  type: 'object',
  properties: {
    compositionRef: named(),
    compositionSelector: selector(),
    compositionRevisionRef: named(),
    compositionRevisionSelector: selector(),
    compositionUpdatePolicy: { type: 'string', enum: ['Automatic', 'Manual'], default: 'Automatic' },
    resourceRefs: {
      type: 'array',
      'x-kubernetes-list-type': 'atomic',
      items: {
        type: 'object',
        required: ['apiVersion', 'kind'],
        properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, name: { type: 'string' } },
      },
    },
  },
};

const CONDITIONS: RawSchema = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  items: {
    type: 'object',
    required: ['lastTransitionTime', 'reason', 'status', 'type'],
    properties: {
      lastTransitionTime: { type: 'string', format: 'date-time' },
      message: { type: 'string' },
      observedGeneration: { type: 'integer', format: 'int64' },
      reason: { type: 'string' },
      status: { type: 'string' },
      type: { type: 'string' },
    },
  },
};

function named(): RawSchema {
  return { type: 'object', required: ['name'], properties: { name: { type: 'string' } } };
}

function selector(): RawSchema {
  return {
    type: 'object',
    required: ['matchLabels'],
    properties: { matchLabels: { type: 'object', additionalProperties: { type: 'string' } } },
  };
}

/**
 * The custom resource that Crossplane makes of the definition of the platform's databases: the definition's fields and
 * its own machinery. An end-to-end test holds it against the one that Crossplane makes.
 */
export function databaseCrd(): Crd {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${DATABASE_PLURAL}.${DATABASE_GROUP}` },
    spec: {
      group: DATABASE_GROUP,
      scope: 'Namespaced',
      names: { kind: DATABASE_KIND, plural: DATABASE_PLURAL, singular: 'database', listKind: `${DATABASE_KIND}List` },
      versions: DATABASE_VERSIONS.map(({ schema, referenceable, ...version }) => ({
        ...version,
        storage: referenceable,
        schema: { openAPIV3Schema: whole(schema.openAPIV3Schema as RawSchema) },
        subresources: { status: {} },
      })),
    },
  };
}

function whole(schema: RawSchema): RawSchema {
  const { metadata = {}, spec = {}, status = {} } = schema.properties ?? {};
  return {
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata,
      spec: { ...spec, properties: { ...spec.properties, crossplane: MACHINERY } },
      status: { ...status, properties: { ...status.properties, conditions: CONDITIONS } },
    },
  };
}
