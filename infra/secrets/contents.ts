import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { AuthorityName } from '../control-plane/host';
import {
  authorityCertificateEntry,
  authorityKeyEntry,
  certificateEntry,
  encryptionEntry,
  selfSignedCertificateEntry,
  serviceAccountEntry,
} from './entries';
import { SecretStoreError, type SecretStore } from './store';

/** An authority as it lies in the store. */
export interface StoredAuthority {
  readonly certificate: string;
  readonly parsed: X509Certificate;
  /** @default - its key is offline */
  readonly key?: string;
}

/** A leaf as it lies in the store. */
export interface StoredLeaf {
  readonly certificate: string;
  readonly parsed: X509Certificate;
  readonly key: string;
}

const LOST = 'restore the store from its backup';
const REISSUED = 'run `pulumi up`, which issues it again';

/** An authority of the store. Rejects with a `SecretStoreError` where it is lost or damaged. */
export async function readAuthority(
  store: SecretStore,
  name: AuthorityName,
  generation: number,
): Promise<StoredAuthority> {
  const entry = authorityCertificateEntry(name, generation);
  const fix = `${LOST}, or give the authority up and rotate it`;
  const certificate = await readText(store, entry, fix);
  const parsed = parseCertificate(store, entry, certificate, fix);
  const keyEntry = authorityKeyEntry(name, generation);
  const key = (await store.read(keyEntry))?.toString('utf8');
  if (key !== undefined) refuseOtherKey(store, keyEntry, key, parsed, fix);
  return key === undefined ? { certificate, parsed } : { certificate, parsed, key };
}

/** An authority with its key. Rejects with a `SecretStoreError` where the key is not there. */
export async function readSigner(
  store: SecretStore,
  name: AuthorityName,
  generation: number,
): Promise<StoredAuthority & { readonly key: string }> {
  const { key, ...authority } = await readAuthority(store, name, generation);
  if (key !== undefined) return { ...authority, key };
  throw damage(
    store,
    authorityKeyEntry(name, generation),
    'is not there, and something must be signed by it',
    name === 'root' ? 'bring it back from where it is kept offline, then run it again' : LOST,
  );
}

/**
 * An authority's second certificate, which its own key signed; undefined where there is none. Rejects with a
 * `SecretStoreError` where it is damaged or another's.
 */
export async function readSelfSigned(
  store: SecretStore,
  name: AuthorityName,
  generation: number,
): Promise<string | undefined> {
  const entry = selfSignedCertificateEntry(name, generation);
  const text = (await store.read(entry))?.toString('utf8');
  if (text === undefined) return undefined;
  const own = parseCertificate(store, entry, text, REISSUED);
  const { parsed } = await readAuthority(store, name, generation);
  if (own.subject === parsed.subject && own.publicKey.equals(parsed.publicKey) && own.verify(parsed.publicKey))
    return text;
  throw damage(store, entry, 'is not of the authority that it stands beside', REISSUED);
}

/** A leaf of the store; undefined where there is none. Rejects with a `SecretStoreError` where it is damaged. */
export async function readLeaf(store: SecretStore, name: string): Promise<StoredLeaf | undefined> {
  const entry = certificateEntry(name);
  const text = (await store.read(entry))?.toString('utf8');
  if (text === undefined) return undefined;
  const [certificate, key, ...rest] = splitPem(text);
  if (!certificate || !key || rest.length > 0) {
    throw damage(store, entry, 'does not hold one certificate and its key', REISSUED);
  }
  const parsed = parseCertificate(store, entry, certificate, REISSUED);
  refuseOtherKey(store, entry, key, parsed, REISSUED);
  return { certificate, parsed, key };
}

/** A key that signs service-account tokens, in PEM. */
export async function readServiceAccountKey(store: SecretStore, generation: number): Promise<string> {
  const entry = serviceAccountEntry(generation);
  const fix = `${LOST}, or every Pod's token becomes invalid`;
  const text = await readText(store, entry, fix);
  if (parseKey(text)?.asymmetricKeyType !== 'rsa') throw damage(store, entry, 'is not an RSA key in PEM', fix);
  return text;
}

/** A key that encrypts secrets at rest: base64 of 32 bytes. */
export async function readEncryptionKey(store: SecretStore, generation: number): Promise<string> {
  const entry = encryptionEntry(generation);
  const fix = `${LOST}: what it encrypted cannot be read without it`;
  const text = (await readText(store, entry, fix)).trim();
  if (Buffer.from(text, 'base64').length !== 32 || Buffer.from(text, 'base64').toString('base64') !== text) {
    throw damage(store, entry, 'is not base64 of 32 bytes', fix);
  }
  return text;
}

/** The public half of a private key, in PEM. */
export function publicKeyOf(key: string): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

async function readText(store: SecretStore, entry: string, fix: string): Promise<string> {
  const text = await store.read(entry);
  if (text === undefined) throw damage(store, entry, 'is lost', fix);
  return text.toString('utf8');
}

function parseCertificate(store: SecretStore, entry: string, text: string, fix: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw damage(store, entry, 'is not a whole certificate in PEM', fix);
  }
}

function refuseOtherKey(store: SecretStore, entry: string, key: string, certificate: X509Certificate, fix: string) {
  const parsed = parseKey(key);
  if (!parsed) throw damage(store, entry, 'is not a whole private key in PEM', fix);
  if (!certificate.checkPrivateKey(parsed)) throw damage(store, entry, 'has a key of another certificate', fix);
}

function parseKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}

/** The blocks of a PEM text, each with its newline. */
function splitPem(text: string): readonly string[] {
  return (text.match(/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----\n/g) ?? []).slice();
}

function damage(store: SecretStore, entry: string, what: string, fix: string): SecretStoreError {
  return new SecretStoreError(`${store.place}: ${entry} ${what}; ${fix}`);
}
