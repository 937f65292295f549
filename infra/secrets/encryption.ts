import { dump } from 'js-yaml';

/** A key for secrets at rest: its generation, and 32 bytes in base64. */
export interface EncryptionKey {
  readonly id: number;
  readonly secret: string;
}

/** Resources of the core group that are encrypted at rest. */
export const ENCRYPTED_RESOURCES: readonly string[] = ['secrets'];

/**
 * kube-apiserver's EncryptionConfiguration: the first key writes, all read. Every Secret is written encrypted from the
 * first on, so that there is no `identity` provider, which would read what somebody put into etcd in clear.
 * `secretbox`, since it authenticates what it encrypts (`aescbc` does not, and Kubernetes advises against it) and
 * may keep a key for as long as one likes (`aesgcm` not beyond 200,000 writes).
 * Source: Kubernetes, "Encrypting Confidential Data at Rest", providers.
 */
export function encryptionConfiguration(keys: readonly EncryptionKey[]): string {
  return dump(
    {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'EncryptionConfiguration',
      resources: [
        {
          resources: [...ENCRYPTED_RESOURCES],
          providers: [{ secretbox: { keys: keys.map(({ id, secret }) => ({ name: `key-${id}`, secret })) } }],
        },
      ],
    },
    { noRefs: true, lineWidth: -1 },
  );
}
