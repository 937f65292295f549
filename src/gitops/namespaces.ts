import { loadAll } from 'js-yaml';
import { TENANT_NAMESPACE } from '../model/tenant-namespace';

/** A Namespace as a rendered file says it. */
export interface NamespaceFacts {
  readonly name: string;
  /** @default - active */
  readonly state?: string;
  /** Mail address of whoever answers for it. @default - not said */
  readonly owner?: string;
  /** Hosts that its routes may have. */
  readonly hosts: readonly string[];
}

interface Written {
  readonly kind?: unknown;
  readonly metadata?: { readonly name?: unknown; readonly annotations?: Readonly<Record<string, unknown>> };
}

/** The Namespaces of a file. Parses only those files that have one; one that is no YAML has none. */
export function namespacesIn(text: string): readonly NamespaceFacts[] {
  if (!/^kind: Namespace$/m.test(text)) return [];
  let documents: readonly unknown[];
  try {
    documents = loadAll(text);
  } catch {
    return [];
  }
  return documents.flatMap((document): NamespaceFacts[] => {
    const { kind, metadata } = (document ?? {}) as Written;
    if (kind !== 'Namespace' || typeof metadata?.name !== 'string') return [];
    const {
      [TENANT_NAMESPACE.state]: state,
      'keelson.dev/owner': owner,
      [TENANT_NAMESPACE.hosts]: hosts,
    } = metadata.annotations ?? {};
    return [
      {
        name: metadata.name,
        ...(typeof state === 'string' ? { state } : {}),
        ...(typeof owner === 'string' ? { owner } : {}),
        hosts: typeof hosts === 'string' ? hosts.split(',').filter(Boolean) : [],
      },
    ];
  });
}
