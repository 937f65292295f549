import { type X509Certificate } from 'node:crypto';
import type { AuthorityName } from '../control-plane/host';
import type { IntermediateName } from '../control-plane/pki';

/** What there is of one certificate that everybody may know. */
export interface PublicFacts {
  /** SHA-256 of the certificate, in hexadecimal pairs. */
  readonly fingerprint: string;
  /** In ISO 8601. */
  readonly notAfter: string;
}

export interface AuthorityReport extends PublicFacts {
  readonly name: AuthorityName;
  readonly generation: number;
  /** True for the one that signs; the others are still believed. */
  readonly signs: boolean;
  /** False where its key is offline. */
  readonly keyPresent: boolean;
}

export interface CertificateReport extends PublicFacts {
  readonly name: string;
  readonly authority: IntermediateName;
  readonly change: 'kept' | 'created' | 'renewed';
  /** Why it was renewed. @default - it was not */
  readonly reason?: string;
}

/** What the store holds after a run, without anything secret and without any PEM. */
export interface PkiReport {
  readonly authorities: readonly AuthorityReport[];
  readonly certificates: readonly CertificateReport[];
  /** Ids of the keys that check service-account tokens, as tokens name them. */
  readonly serviceAccountKeys: readonly string[];
  /** Leaves that were removed since the plan names them no more. */
  readonly removed: readonly string[];
  /** Rotations that a person should begin, each with its reason. */
  readonly due: readonly string[];
}

export function publicFacts(certificate: X509Certificate): PublicFacts {
  return { fingerprint: certificate.fingerprint256, notAfter: new Date(certificate.validTo).toISOString() };
}

/** True in the last third of a certificate's life, and outside it. */
export function inLastThird(certificate: X509Certificate, now: Date): boolean {
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  return now.getTime() < from || now.getTime() >= to - (to - from) / 3;
}
