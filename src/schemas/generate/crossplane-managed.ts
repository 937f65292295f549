import type { RawSchema } from '../raw-schema';
import type { Crd } from './crds';

/**
 * Crossplane 2's namespaced kinds from a cluster-scoped managed resource or provider configuration of release 1.
 * Both are generated from one Terraform schema and differ only in what Crossplane itself adds: the group gets `.m.`,
 * secrets are always of the object's own namespace, references may name another, there is no deletion policy, and a
 * provider configuration is chosen by kind and name. The newest version becomes `v1beta1`, the only one that release 2 has.
 */
export function namespacedManaged(crd: Crd): Crd[] {
  const group = crd.spec.group.replace(/(^|\.)aws\.upbound\.io$/, '$1aws.m.upbound.io');
  const newest = crd.spec.versions.filter(({ served }) => served).at(-1)!;
  const make = (kind: string, scope: Crd['spec']['scope'], schema: RawSchema): Crd => {
    const plural = `${kind.toLowerCase()}s`;
    return {
      ...crd,
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope,
        names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
        versions: [{ ...newest, name: 'v1beta1', storage: true, schema: { openAPIV3Schema: schema } }],
      },
    };
  };
  const { openAPIV3Schema: schema } = newest.schema;
  const { kind } = crd.spec.names;
  if (kind !== 'ProviderConfig') return [make(kind, 'Namespaced', managed(schema))];
  return [
    make('ProviderConfig', 'Namespaced', schema),
    // A cluster-scoped configuration has no namespace of its own, so its secrets keep naming theirs.
    make('ClusterProviderConfig', 'Cluster', schema),
  ];
}

function managed(schema: RawSchema): RawSchema {
  const local = withLocalSecrets(schema);
  const spec = local.properties!.spec!;
  const { deletionPolicy: _policy, publishConnectionDetailsTo: _details, ...properties } = spec.properties!;
  return {
    ...local,
    properties: {
      ...local.properties,
      spec: {
        ...spec,
        properties: {
          ...properties,
          providerConfigRef: {
            type: 'object',
            required: ['kind', 'name'],
            properties: { kind: { type: 'string' }, name: { type: 'string' } },
            default: { kind: 'ClusterProviderConfig', name: 'default' },
          },
        },
      },
    },
  };
}

/** Secrets lose their namespace, references and selectors of other resources gain an optional one. */
function withLocalSecrets(schema: RawSchema, name = ''): RawSchema {
  const result: { -readonly [K in keyof RawSchema]: RawSchema[K] } = { ...schema };
  if (schema.items) result.items = withLocalSecrets(schema.items, name.replace(/Refs$/, 'Ref'));
  if (!schema.properties) return result;
  const properties: Record<string, RawSchema> = {};
  for (const [key, inner] of Object.entries(schema.properties)) properties[key] = withLocalSecrets(inner, key);
  result.properties = properties;
  if (/SecretRef$|^writeConnectionSecretToRef$/.test(name)) {
    delete properties.namespace;
    result.required = schema.required?.filter((key) => key !== 'namespace');
  } else if (/(Ref|Selector)$/.test(name) && properties.policy) {
    properties.namespace = { type: 'string' };
  }
  return result;
}
