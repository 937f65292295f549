import type { AuthorityName } from '../control-plane/host';
import type { PkiPlan } from '../control-plane/pki';
import {
  AUTHORITIES,
  authorityCertificateEntry,
  authorityKeyEntry,
  certificateEntry,
  CERTIFICATES,
  ENCRYPTION,
  encryptionEntry,
  selfSignedCertificateEntry,
  SERVICE_ACCOUNTS,
  serviceAccountEntry,
} from './entries';
import type { Generations, PkiState } from './state';

/**
 * Which entries nobody needs: leaves that are not planned, and generations that are no longer accepted, which a
 * rotation that was killed may have left.
 */
export function leftovers(plan: PkiPlan, entries: readonly string[], state: PkiState): readonly string[] {
  const of = (generations: Generations | undefined, name: (generation: number) => string) =>
    (generations?.accepted ?? []).map(name);
  const needed = new Set([
    ...plan.certificates.map(({ name }) => certificateEntry(name)),
    ...Object.entries(state.authorities).flatMap(([name, generations]) => [
      ...of(generations, (one) => authorityCertificateEntry(name as AuthorityName, one)),
      ...of(generations, (one) => authorityKeyEntry(name as AuthorityName, one)),
    ]),
    ...plan.authorities
      .filter(({ selfSigned }) => selfSigned)
      .flatMap(({ name }) => of(state.authorities[name], (one) => selfSignedCertificateEntry(name, one))),
    ...of(state.serviceAccounts, serviceAccountEntry),
    ...of(state.encryption, encryptionEntry),
  ]);
  const ours = [AUTHORITIES, CERTIFICATES, SERVICE_ACCOUNTS, ENCRYPTION];
  return entries.filter((name) => ours.some((one) => name.startsWith(one)) && !needed.has(name));
}
