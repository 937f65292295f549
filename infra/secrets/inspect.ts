import type { AuthorityName } from '../control-plane/host';
import type { AuthorityPlan, CertificatePlan, PkiPlan } from '../control-plane/pki';
import {
  publicKeyOf,
  readAuthority,
  readEncryptionKey,
  readLeaf,
  readSelfSigned,
  readServiceAccountKey,
  readSigner,
  type StoredAuthority,
  type StoredLeaf,
} from './contents';
import { authorityCertificateEntry, selfSignedCertificateEntry } from './entries';
import { keyId } from './issuer';
import { leftovers } from './leftovers';
import { inLastThird, publicFacts, type AuthorityReport } from './report';
import { readState, type PkiState } from './state';
import { SecretStoreError, type SecretStore } from './store';
import { leafDifference } from './leaf-difference';
import { authorityDifference, CLOCK_SKEW_MINUTES } from './x509';

/** What of a store lasts: authorities and keys. */
export interface Lasting {
  /** What is lost or damaged and cannot be made again, a sentence each. */
  readonly faults: readonly string[];
  readonly authorities: readonly AuthorityReport[];
  readonly serviceAccountKeys: readonly string[];
  readonly due: readonly string[];
}

/**
 * What of the store is not as planned, a sentence each without secrets; empty where `ensurePki` would change nothing.
 * Changes nothing.
 */
export async function pkiDrift(plan: PkiPlan, store: SecretStore, now: Date): Promise<readonly string[]> {
  try {
    const state = await readState(store);
    if (!state?.complete) return [`${store.place}: holds no complete set of secrets`];
    const { faults } = await checkLasting(plan, store, state, now);
    if (faults.length > 0) return faults;
    const key = plan.encryptionKey && !state.encryption ? ['the key for secrets at rest is missing'] : [];
    const leaves = plan.certificates.map(async (leaf) => {
      const issuer = await readAuthority(store, leaf.authority, state.authorities[leaf.authority].current);
      const found = await checkLeaf(leaf, issuer, store, state, now);
      if (found.reason) return [`${leaf.name}: ${found.reason}`];
      return found.leaf ? [] : [`${leaf.name} is missing`];
    });
    const selfSigned = plan.authorities
      .filter((one) => one.selfSigned)
      .flatMap(({ name }) => state.authorities[name].accepted.map((one) => checkSelfSigned(name, one, store)));
    const left = leftovers(plan, await store.list(), state).map((entry) => `${entry} is needed no more`);
    return [
      ...key,
      ...(await Promise.all(selfSigned)).flatMap((reason) => reason ?? []),
      ...(await Promise.all(leaves)).flat(),
      ...left,
    ];
  } catch (error) {
    if (error instanceof SecretStoreError) return [error.message];
    throw error;
  }
}

/** Reads everything that cannot simply be made again. */
export async function checkLasting(plan: PkiPlan, store: SecretStore, state: PkiState, now: Date): Promise<Lasting> {
  const faults: string[] = [];
  const attempt = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof SecretStoreError)) throw error;
      faults.push(error.message);
      return undefined;
    }
  };
  const authorities: AuthorityReport[] = [];
  const due: string[] = [];
  const root = await attempt(readAuthority(store, 'root', state.authorities.root.current));
  for (const authority of plan.authorities) {
    const { current, accepted } = state.authorities[authority.name];
    for (const generation of accepted) {
      const found = await attempt(readAuthority(store, authority.name, generation));
      if (!found) continue;
      if (root && !signedBy(found, root)) {
        const entry = authorityCertificateEntry(authority.name, generation);
        faults.push(`${store.place}: ${entry} is not signed by the root; restore the store from its backup`);
      }
      const signs = generation === current;
      if (signs && authority.name !== 'root') await attempt(readSigner(store, authority.name, generation));
      authorities.push({
        name: authority.name,
        generation,
        signs,
        keyPresent: found.key !== undefined,
        ...publicFacts(found.parsed),
      });
      if (signs) due.push(...dueFor(authority, found, now));
    }
  }
  const ids = state.serviceAccounts.accepted.map((one) => attempt(readServiceAccountKey(store, one)));
  const keys = (await Promise.all(ids)).filter((key) => key !== undefined);
  for (const one of state.encryption?.accepted ?? []) await attempt(readEncryptionKey(store, one));
  return { faults, authorities, serviceAccountKeys: keys.map((key) => keyId(publicKeyOf(key))), due };
}

function dueFor(plan: AuthorityPlan, { certificate, parsed }: StoredAuthority, now: Date): readonly string[] {
  const { notAfter } = publicFacts(parsed);
  const difference = authorityDifference(plan, certificate);
  return [
    ...(inLastThird(parsed, now) ? [`${plan.name}: its certificate ends on ${notAfter}`] : []),
    ...(difference ? [`${plan.name}: ${difference}`] : []),
  ];
}

/** Why an authority's second certificate must be made; undefined where it is there and whole. */
export async function checkSelfSigned(
  name: AuthorityName,
  generation: number,
  store: SecretStore,
): Promise<string | undefined> {
  try {
    const found = await readSelfSigned(store, name, generation);
    return found === undefined ? `${selfSignedCertificateEntry(name, generation)} is missing` : undefined;
  } catch (error) {
    if (error instanceof SecretStoreError) return error.message;
    throw error;
  }
}

/**
 * A leaf of the store, and why it should be made anew. A damaged one is no loss: the reason says what is wrong with it.
 * Neither where there is none yet.
 */
export async function checkLeaf(
  plan: CertificatePlan,
  issuer: StoredAuthority,
  store: SecretStore,
  state: PkiState,
  now: Date,
): Promise<{ readonly leaf?: StoredLeaf; readonly reason?: string }> {
  try {
    const leaf = await readLeaf(store, plan.name);
    const reason = leaf && reasonToRenew(plan, leaf, issuer, state, now);
    return { ...(leaf && { leaf }), ...(reason && { reason }) };
  } catch (error) {
    if (error instanceof SecretStoreError) return { reason: error.message };
    throw error;
  }
}

function reasonToRenew(
  plan: CertificatePlan,
  { parsed }: StoredLeaf,
  issuer: StoredAuthority,
  { renewBefore }: PkiState,
  now: Date,
): string | undefined {
  if (!signedBy({ parsed }, issuer)) return 'another authority signs now';
  const difference = leafDifference(plan, parsed);
  if (difference) return difference;
  const made = Date.parse(parsed.validFrom) + CLOCK_SKEW_MINUTES * 60_000;
  if (renewBefore && made < Date.parse(renewBefore)) return 'a rotation of the leaves';
  return inLastThird(parsed, now) ? 'the last third of its life' : undefined;
}

function signedBy({ parsed }: Pick<StoredAuthority, 'parsed'>, issuer: StoredAuthority): boolean {
  return parsed.checkIssued(issuer.parsed) && parsed.verify(issuer.parsed.publicKey);
}
