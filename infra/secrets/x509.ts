// The library asks for it before anything of its own is loaded.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { GeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints } from '@peculiar/asn1-x509';
import * as x509 from '@peculiar/x509';
import type {
  AuthorityPlan,
  CertificatePlan,
  CertificateUsage,
  NameConstraints as Constraints,
} from '../control-plane/pki';

/** A certificate with its private key, both in PEM. */
export interface Identity {
  readonly certificate: string;
  /** PKCS #8, which all engines read. */
  readonly key: string;
}

/** What stands in a leaf. */
export type LeafContent = Pick<CertificatePlan, 'subject' | 'dnsNames' | 'addresses' | 'usages'>;

const { subtle } = webcrypto;
/** ECDSA over P-256 with SHA-256: every engine takes it, and it signs many times faster than RSA. */
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const USAGES: Readonly<Record<CertificateUsage, string>> = {
  server: x509.ExtendedKeyUsage.serverAuth,
  client: x509.ExtendedKeyUsage.clientAuth,
};
const NAME_CONSTRAINTS = '2.5.29.30';
/** Certificates begin this much earlier, for hosts whose clocks are behind. */
export const CLOCK_SKEW_MINUTES = 5;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

x509.cryptoProvider.set(webcrypto);

/**
 * A new authority under its issuer, or one that signs itself. With `key`, that private key (PEM) gets the certificate
 * instead of a new one.
 */
export async function issueAuthority(
  plan: AuthorityPlan,
  issuer: Identity | undefined,
  now: Date,
  key?: string,
): Promise<Identity> {
  const pair = key ? await importPair(key) : await newPair();
  const extensions = [
    new x509.BasicConstraintsExtension(true, plan.pathLength, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ...usageExtensions(plan.usages ?? []),
    ...constraintExtensions(plan.constraints),
  ];
  const subject = [{ CN: [plan.commonName] }];
  return issue(pair, subject, extensions, issuer, lifetime(now, plan.days * DAY));
}

/** A leaf under its authority, for so many minutes from now. */
export async function issueLeaf(plan: LeafContent, minutes: number, issuer: Identity, now: Date): Promise<Identity> {
  const names: x509.JsonGeneralNames = [
    ...plan.dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...plan.addresses.map((value) => ({ type: 'ip' as const, value })),
  ];
  const extensions = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    ...usageExtensions(plan.usages),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
  ];
  return issue(await newPair(), subjectOf(plan), extensions, issuer, lifetime(now, minutes * MINUTE));
}

/** Tells what of an authority's certificate is not as planned; undefined where all is. */
export function authorityDifference(plan: AuthorityPlan, certificate: string): string | undefined {
  const found = new x509.X509Certificate(certificate);
  if (found.subjectName.toString() !== new x509.Name([{ CN: [plan.commonName] }]).toString())
    return 'its name is not as planned';
  if (!sameTexts(usagesOf(found), usageOids(plan.usages ?? [])))
    return 'what its leaves may be used for is not as planned';
  const constraints = found.getExtension(NAME_CONSTRAINTS);
  const [planned] = constraintExtensions(plan.constraints);
  const hex = (extension: x509.Extension | null | undefined) =>
    extension && Buffer.from(extension.value).toString('hex');
  return hex(constraints) === hex(planned) || (!constraints && !planned)
    ? undefined
    : 'the names it may sign for are not as planned';
}

async function issue(
  pair: webcrypto.CryptoKeyPair,
  subject: x509.JsonName,
  extensions: x509.Extension[],
  issuer: Identity | undefined,
  { notBefore, notAfter }: { readonly notBefore: Date; readonly notAfter: Date },
): Promise<Identity> {
  const signer = issuer && {
    certificate: new x509.X509Certificate(issuer.certificate),
    ...(await importPair(issuer.key)),
  };
  // A leaf that outlives its authority would break at a time that it does not show.
  const end = signer && signer.certificate.notAfter < notAfter ? signer.certificate.notAfter : notAfter;
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: signer?.certificate.subjectName ?? subject,
    notBefore,
    notAfter: end,
    signingAlgorithm: ALGORITHM,
    publicKey: pair.publicKey,
    signingKey: signer?.privateKey ?? pair.privateKey,
    extensions: [
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(pair.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(signer?.publicKey ?? pair.publicKey),
    ],
  });
  const der = await subtle.exportKey('pkcs8', pair.privateKey);
  return { certificate: `${certificate.toString('pem')}\n`, key: `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n` };
}

function lifetime(now: Date, milliseconds: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const second = Math.floor(now.getTime() / 1000) * 1000;
  return { notBefore: new Date(second - CLOCK_SKEW_MINUTES * MINUTE), notAfter: new Date(second + milliseconds) };
}

function subjectOf({ subject }: Pick<CertificatePlan, 'subject'>): x509.JsonName {
  return [...(subject.organization ? [{ O: [subject.organization] }] : []), { CN: [subject.commonName] }];
}

function usageOids(usages: readonly CertificateUsage[]): readonly string[] {
  return usages.map((usage) => USAGES[usage]);
}

function usageExtensions(usages: readonly CertificateUsage[]): x509.Extension[] {
  return usages.length > 0 ? [new x509.ExtendedKeyUsageExtension([...usageOids(usages)])] : [];
}

function usagesOf(certificate: x509.X509Certificate): readonly string[] {
  return (certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages ?? []).map(String);
}

function constraintExtensions(constraints: Constraints | undefined): x509.Extension[] {
  if (!constraints) return [];
  const subtrees = (addresses: readonly string[] = [], names: readonly string[] = []) => {
    const all = [
      ...addresses.map((iPAddress) => new GeneralName({ iPAddress })),
      ...names.map((dNSName) => new GeneralName({ dNSName })),
    ].map((base) => new GeneralSubtree({ base }));
    return all.length > 0 ? new GeneralSubtrees(all) : undefined;
  };
  const value = new NameConstraints({
    permittedSubtrees: subtrees(constraints.permittedAddresses),
    excludedSubtrees: subtrees(constraints.excludedAddresses, constraints.excludedNames),
  });
  return [new x509.Extension(NAME_CONSTRAINTS, true, AsnConvert.serialize(value))];
}

function newPair(): Promise<webcrypto.CryptoKeyPair> {
  return subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

async function importPair(key: string): Promise<webcrypto.CryptoKeyPair> {
  const privateKey = await subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(key), ALGORITHM, true, ['sign']);
  const { kty, crv, x, y } = await subtle.exportKey('jwk', privateKey);
  const publicKey = await subtle.importKey('jwk', { kty, crv, x, y }, ALGORITHM, true, ['verify']);
  return { privateKey, publicKey };
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());
}
