import type { AuthorityName } from '../control-plane/host';

/** Where in the store things lie. `state.json` says which of them are in use. */
export const STATE_ENTRY = 'state.json';
/** One line of JSON a minted certificate. */
export const BREAK_GLASS_ENTRY = 'audit/break-glass.jsonl';

export const AUTHORITIES = 'authorities/';
export const CERTIFICATES = 'certificates/';
export const SERVICE_ACCOUNTS = 'service-accounts/';
export const ENCRYPTION = 'encryption/';

/** An authority's certificate. */
export function authorityCertificateEntry(authority: AuthorityName, generation: number): string {
  return `${AUTHORITIES}${authority}/${generation}.crt`;
}

/** An authority's second certificate, which its own key signed. */
export function selfSignedCertificateEntry(authority: AuthorityName, generation: number): string {
  return `${AUTHORITIES}${authority}/${generation}.self-signed.crt`;
}

/** An authority's private key: apart from its certificate, so that the root's can be taken offline. */
export function authorityKeyEntry(authority: AuthorityName, generation: number): string {
  return `${AUTHORITIES}${authority}/${generation}.key`;
}

/** A leaf's certificate and key in one entry, so that they change together. */
export function certificateEntry(name: string): string {
  return `${CERTIFICATES}${name}.pem`;
}

/** The leaf whose entry that is; undefined where it is none. */
export function certificateOf(entry: string): string | undefined {
  return entry.startsWith(CERTIFICATES) ? entry.slice(CERTIFICATES.length).replace(/\.pem$/, '') : undefined;
}

/** A key pair that signs service-account tokens. */
export function serviceAccountEntry(generation: number): string {
  return `${SERVICE_ACCOUNTS}${generation}.key`;
}

/** A key that encrypts secrets at rest: 32 bytes in base64. */
export function encryptionEntry(generation: number): string {
  return `${ENCRYPTION}${generation}.key`;
}
