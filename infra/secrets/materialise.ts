import type { AuthorityName, Material } from '../control-plane/host';
import {
  publicKeyOf,
  readAuthority,
  readEncryptionKey,
  readLeaf,
  readSelfSigned,
  readServiceAccountKey,
  readSigner,
} from './contents';
import { encryptionConfiguration } from './encryption';
import { certificateEntry, selfSignedCertificateEntry } from './entries';
import { requireState, type PkiState } from './state';
import { SecretStoreError, type SecretStore } from './store';

/**
 * What a host's file holds, from the store. A certificate is the leaf alone: peers trust its authority directly, and
 * while one is rotated they trust the old and the new. Rejects with a `SecretStoreError` that names what is lost or
 * damaged.
 */
export async function materialise(material: Material, store: SecretStore): Promise<Buffer> {
  return Buffer.from(await textOf(material, store, await requireState(store)));
}

async function textOf(material: Material, store: SecretStore, state: PkiState): Promise<string> {
  switch (material.kind) {
    case 'certificate':
    case 'key':
      return (await leaf(material.certificate, store))[material.kind];
    case 'trust': {
      const all = material.authorities.flatMap((name) =>
        state.authorities[name].accepted.map((generation) => readAuthority(store, name, generation)),
      );
      return (await Promise.all(all)).map(({ certificate }) => certificate).join('');
    }
    case 'self-signed-trust': {
      const all = material.authorities.flatMap((name) =>
        state.authorities[name].accepted.map((generation) => selfSigned(name, generation, store)),
      );
      return (await Promise.all(all)).join('');
    }
    case 'authority-certificate':
      return (await readAuthority(store, material.authority, state.authorities[material.authority].current))
        .certificate;
    case 'authority-key':
      if (material.authority === 'root') throw new Error('the root key belongs on no host');
      return (await readSigner(store, material.authority, state.authorities[material.authority].current)).key;
    case 'service-account-signing-key':
      return readServiceAccountKey(store, state.serviceAccounts.current);
    case 'service-account-verification-keys':
      return (await serviceAccountPublicKeys(store)).join('');
    case 'encryption-configuration': {
      if (!state.encryption) {
        throw new SecretStoreError(
          `${store.place}: holds no key for secrets at rest; run \`pulumi up\`, which makes it`,
        );
      }
      const { current, accepted } = state.encryption;
      const ids = [current, ...accepted.filter((one) => one !== current)];
      const keys = ids.map(async (id) => ({ id, secret: await readEncryptionKey(store, id) }));
      return encryptionConfiguration(await Promise.all(keys));
    }
  }
}

/** The public keys of all that may have signed a token that still holds, in PEM; for `issuerDocuments`. */
export async function serviceAccountPublicKeys(store: SecretStore): Promise<readonly string[]> {
  const { accepted } = (await requireState(store)).serviceAccounts;
  return Promise.all(accepted.map(async (one) => publicKeyOf(await readServiceAccountKey(store, one))));
}

async function selfSigned(name: AuthorityName, generation: number, store: SecretStore): Promise<string> {
  const found = await readSelfSigned(store, name, generation);
  if (found) return found;
  const entry = selfSignedCertificateEntry(name, generation);
  throw new SecretStoreError(`${store.place}: ${entry} is not there; run \`pulumi up\`, which makes it`);
}

async function leaf(name: string, store: SecretStore) {
  const found = await readLeaf(store, name);
  if (found) return found;
  throw new SecretStoreError(
    `${store.place}: ${certificateEntry(name)} is not there; name a certificate of the plan, or run \`pulumi up\``,
  );
}
