import { LABEL_LENGTH, RESERVED_NAMESPACES, reservedNamespace } from '../../names';
import type { ResolvedCluster } from '../../slices';
import type { Claimant, FieldPath } from './claimant';

/** Namespaces of the platform that hold something of every tenant, such as the accounts of delivery. */
const PLATFORM_PREFIX = 'keelson-';

/** The namespace of a tenant's environment. */
export function namespaceOf(tenant: string, environment: string): string {
  return `${tenant}-${environment}`;
}

/** A namespace must fit its length, be nobody's yet, and be none of the platform's. */
export function checkNamespace(
  claimant: Claimant,
  namespace: string,
  path: FieldPath,
  cluster: ResolvedCluster,
  owners: ReadonlyMap<string, Claimant>,
): void {
  if (namespace.length > LABEL_LENGTH) {
    claimant.fault(path, {
      rule: 'name',
      value: namespace,
      message: `namespace '${namespace}' has ${namespace.length} characters, ${LABEL_LENGTH} is the limit`,
      fix: `shorten the tenant's name by ${namespace.length - LABEL_LENGTH}`,
    });
  }
  const owner = owners.get(namespace);
  if (owner) {
    claimant.fault(path, {
      rule: 'duplicate-namespace',
      value: namespace,
      message: `namespace '${namespace}' is already that of tenant '${owner.name}' (${owner.file})`,
      fix: 'rename this tenant',
    });
  }
  const reservedFor = cluster.platformNamespaces.includes(namespace)
    ? 'an add-on'
    : namespace.startsWith(PLATFORM_PREFIX)
      ? 'the platform'
      : reservedNamespace(namespace) && 'Kubernetes';
  if (reservedFor) {
    claimant.fault(path, {
      rule: 'reserved-namespace',
      value: namespace,
      message: `namespace '${namespace}' is reserved for ${reservedFor}`,
      fix: `rename this tenant; reserved are ${[...RESERVED_NAMESPACES, `${PLATFORM_PREFIX}*`].join(', ')} and the namespaces of add-ons`,
    });
  }
}
