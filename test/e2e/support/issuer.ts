import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { issueAuthority, issueLeaf } from '../../../infra/secrets/x509';

/** Who says who people are, on loopback over https, as an identity provider does. */
export interface Issuer {
  readonly url: string;
  /** PEM of whom the API server must trust. */
  readonly ca: string;
  /** An ID token. @param claims - whatever stands in it besides; those of the issuer may be replaced */
  token(email: string, groups: readonly string[], claims?: object): string;
  close(): Promise<void>;
}

export async function startIssuer(audience: string): Promise<Issuer> {
  const now = new Date();
  const plan = { name: 'root', commonName: 'issuer', days: 1, pathLength: 0 } as const;
  const authority = await issueAuthority(plan, undefined, now);
  const names = {
    subject: { commonName: 'issuer' },
    dnsNames: [],
    addresses: ['127.0.0.1'],
    usages: ['server'],
  } as const;
  const leaf = await issueLeaf(names, 60, authority, now);
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' };
  const server = createServer({ cert: leaf.certificate, key: leaf.key }, (request, response) => {
    const body = request.url === '/keys' ? { keys: [key] } : discovery();
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    ca: authority.certificate,
    token(email, groups, claims = {}) {
      const at = Math.floor(Date.now() / 1000);
      const payload = { iss: url, aud: audience, sub: email, email, groups, iat: at, exp: at + 600, ...claims };
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const signed = `${part({ alg: 'RS256', kid: 'one', typ: 'JWT' })}.${part(payload)}`;
      return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function discovery(): object {
    return {
      issuer: url,
      jwks_uri: `${url}/keys`,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    };
  }
}
