import { createHash, createPublicKey } from 'node:crypto';

/** Where the documents stand below the issuer's URL, as kube-apiserver serves them. */
export const DISCOVERY_PATH = '.well-known/openid-configuration';
export const JWKS_PATH = 'openid/v1/jwks';

/**
 * The public documents by which clouds check service-account tokens, by path below the issuer's URL: OpenID discovery
 * and the keys (RFC 7517). A key's id is the one that kube-apiserver puts into tokens.
 */
export function issuerDocuments(issuer: string, publicKeys: readonly string[]): Readonly<Record<string, string>> {
  const base = issuer.replace(/\/$/, '');
  const discovery = {
    issuer,
    jwks_uri: `${base}/${JWKS_PATH}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
  const keys = publicKeys.map((pem) => {
    const { kty, n, e } = createPublicKey(pem).export({ format: 'jwk' });
    return { use: 'sig', kty, kid: keyId(pem), alg: 'RS256', n, e };
  });
  return { [DISCOVERY_PATH]: `${JSON.stringify(discovery)}\n`, [JWKS_PATH]: `${JSON.stringify({ keys })}\n` };
}

/** Digest of the public key's DER form. Source: kube-apiserver, pkg/serviceaccount/jwt.go, keyIDFromPublicKey. */
export function keyId(publicKey: string): string {
  const der = createPublicKey(publicKey).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('base64url');
}
