import { createPrivateKey } from 'node:crypto';
import { readAuthority, readSigner } from './contents';
import { authorityKeyEntry } from './entries';
import { requireState } from './state';
import { SecretStoreError, type SecretStore } from './store';

/**
 * The root's private key in PEM, for keeping offline. It is needed again only to rotate an intermediate. It stays in
 * the store until `forgetRootKey`, so that it is never nowhere.
 */
export async function readRootKey(store: SecretStore): Promise<string> {
  const { current } = (await requireState(store)).authorities.root;
  return (await readSigner(store, 'root', current)).key;
}

/** Removes the root's key from the store, once it is kept elsewhere. Quiet where it is gone already. */
export function forgetRootKey(store: SecretStore): Promise<void> {
  return store.exclusively(async () => {
    const { current } = (await requireState(store)).authorities.root;
    await store.remove(authorityKeyEntry('root', current));
  });
}

/** Puts the root's key back. Rejects with a `SecretStoreError` where it is not this root's. */
export function returnRootKey(store: SecretStore, key: string): Promise<void> {
  return store.exclusively(async () => {
    const { current } = (await requireState(store)).authorities.root;
    const { parsed } = await readAuthority(store, 'root', current);
    if (!fits(key, parsed)) {
      throw new SecretStoreError(`${store.place}: that is not the key of this cluster's root; bring the one that is`);
    }
    await store.write(authorityKeyEntry('root', current), key);
  });
}

function fits(key: string, certificate: import('node:crypto').X509Certificate): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
