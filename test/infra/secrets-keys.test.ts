import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, createSign, createVerify, X509Certificate, type JsonWebKey } from 'node:crypto';
import { breakGlass, type BreakGlassRequest } from '../../infra/secrets/break-glass';
import type { FolderStore } from '../../infra/secrets/folder-store';
import { ensurePki } from '../../infra/secrets/issue';
import { issuerDocuments, keyId } from '../../infra/secrets/issuer';
import { serviceAccountPublicKeys } from '../../infra/secrets/materialise';
import { advanceRotation } from '../../infra/secrets/rotation';
import { after, filledStore, fingerprintOf, handshake, localPlan, NOW, textOf } from '../support/secrets';

jest.setTimeout(60_000);

let store: FolderStore;
beforeEach(async () => {
  store = await filledStore();
});

describe('break-glass', () => {
  const request: BreakGlassRequest = { who: 'ada@example.com', reason: 'RBAC lost its bindings', minutes: 10 };
  const audit = async () => (await store.read('audit/break-glass.jsonl'))?.toString('utf8') ?? '';

  test('gives a certificate in system:masters for minutes, which API servers take and no file holds', async () => {
    const now = new Date();
    const made = await breakGlass(store, request, now);
    const found = new X509Certificate(made.certificate);
    expect(found.subject).toBe('O=system:masters\nCN=keelson:break-glass:ada@example.com');
    expect(found.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(Math.round((Date.parse(found.validTo) - now.getTime()) / 60_000)).toBe(10);
    const trust = await textOf(store, { kind: 'trust', authorities: ['kubernetes'] });
    const server = {
      certificate: await textOf(store, { kind: 'certificate', certificate: 'control-plane-1/apiserver' }),
      key: await textOf(store, { kind: 'key', certificate: 'control-plane-1/apiserver' }),
      trust,
    };
    expect(await handshake(server, { ...made, trust })).toBe('ok');
    for (const name of await store.list()) {
      const text = (await store.read(name))!.toString('utf8');
      for (const pem of [made.key, made.certificate]) expect(text).not.toContain(pem.split('\n')[1]);
    }
  });

  test('is a line of the audit file each time, and changes nothing else', async () => {
    const before = fingerprintOf(store.place);
    const [first] = [
      await breakGlass(store, request, NOW),
      await breakGlass(store, { ...request, minutes: 1 }, after(1)),
    ];
    const lines = (await audit())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    expect(lines.map(({ time, who, reason }) => [time, who, reason])).toEqual([
      [NOW.toISOString(), 'ada@example.com', 'RBAC lost its bindings'],
      [after(1).toISOString(), 'ada@example.com', 'RBAC lost its bindings'],
    ]);
    expect(lines[0]!.fingerprint).toBe(new X509Certificate(first.certificate).fingerprint256);
    expect(fingerprintOf(store.place).filter((line) => !line.startsWith('audit/'))).toEqual(before);
    await ensurePki(localPlan(), store, after(2));
    expect((await audit()).trimEnd().split('\n')).toHaveLength(2);
  });

  test.each<[string, Partial<BreakGlassRequest>, string]>([
    ['no reason', { reason: '  ' }, '`reason` is empty: write why no other way is left'],
    ['a day', { minutes: 1440 }, '`minutes` is 1440: write a whole number from 1 to 60'],
    ['half a minute', { minutes: 0.5 }, '`minutes` is 0.5'],
    ['nobody', { who: '' }, '`who` must be up to 40 letters'],
    ['a second name', { who: 'a\nO=b' }, '`who` must be'],
  ])('refuses %s, and writes no line', async (_, wrong, message) => {
    await expect(breakGlass(store, { ...request, ...wrong }, NOW)).rejects.toThrow(message);
    expect(await audit()).toBe('');
  });
});

describe('the issuer of service-account tokens', () => {
  const issuer = 'https://issuer.harbour.example.com';

  test('publishes the key that verifies what the signing key signs, under the id that kube-apiserver gives it', async () => {
    const documents = issuerDocuments(issuer, await serviceAccountPublicKeys(store));
    const discovery = JSON.parse(documents['.well-known/openid-configuration']!) as Record<string, unknown>;
    expect(discovery).toEqual({
      issuer,
      jwks_uri: `${issuer}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    });
    const { keys } = JSON.parse(documents['openid/v1/jwks']!) as { keys: (JsonWebKey & { kid: string })[] };
    expect(keys.map(({ kty, use, alg }) => [kty, use, alg])).toEqual([['RSA', 'sig', 'RS256']]);
    expect(Object.keys(keys[0]!).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    const signing = await textOf(store, { kind: 'service-account-signing-key' });
    const signature = createSign('RSA-SHA256').update('header.payload').sign(signing);
    const key = createPublicKey({ key: keys[0]!, format: 'jwk' });
    expect(createVerify('RSA-SHA256').update('header.payload').verify(key, signature)).toBe(true);
    expect(createVerify('RSA-SHA256').update('header.other').verify(key, signature)).toBe(false);
    const der = execFileSync('openssl', ['pkey', '-pubout', '-outform', 'DER'], { input: signing });
    expect(keys[0]!.kid).toBe(createHash('sha256').update(der).digest('base64url'));
  });

  test('publishes the second key before anything is signed by it', async () => {
    await advanceRotation('service-account-keys', localPlan(), store, after(1));
    const keys = await serviceAccountPublicKeys(store);
    const jwks = JSON.parse(issuerDocuments(issuer, keys)['openid/v1/jwks']!) as { keys: { kid: string }[] };
    expect(jwks.keys.map(({ kid }) => kid)).toEqual(keys.map(keyId));
    expect(new Set(keys).size).toBe(2);
    const verification = await textOf(store, { kind: 'service-account-verification-keys' });
    expect(verification).toBe(keys.join(''));
    expect(verification).not.toContain('PRIVATE');
  });
});
