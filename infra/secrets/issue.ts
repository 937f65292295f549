import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { AuthorityName } from '../control-plane/host';
import type { AuthorityPlan, CertificatePlan, PkiPlan } from '../control-plane/pki';
import { readAuthority, readLeaf, readSigner, type StoredAuthority } from './contents';
import {
  authorityCertificateEntry,
  authorityKeyEntry,
  certificateEntry,
  certificateOf,
  encryptionEntry,
  selfSignedCertificateEntry,
  serviceAccountEntry,
} from './entries';
import { checkLasting, checkLeaf, checkSelfSigned } from './inspect';
import { leftovers } from './leftovers';
import { publicFacts, type CertificateReport, type PkiReport } from './report';
import { FIRST, INITIAL_STATE, readState, writeState, type PkiState } from './state';
import { SecretStoreError, type SecretStore } from './store';
import { issueAuthority, issueLeaf } from './x509';

const MINUTES_A_DAY = 24 * 60;

/**
 * Makes the store hold what the plan says: makes what is missing, renews leaves in the last third of their life, those
 * that a rotation asks for, those that differ from the plan and those that are damaged, and removes those that nobody
 * needs. Changes no byte where all is well. Rejects with a `SecretStoreError` that names everything which is lost or
 * damaged and cannot be made again.
 */
export function ensurePki(plan: PkiPlan, store: SecretStore, now: Date): Promise<PkiReport> {
  return store.exclusively(() => ensureLocked(plan, store, now));
}

/** The same for one who is inside `exclusively` already. */
export async function ensureLocked(plan: PkiPlan, store: SecretStore, now: Date): Promise<PkiReport> {
  let state = await readState(store);
  if (!state) {
    state = INITIAL_STATE;
    await writeState(store, state);
  }
  if (!state.complete) await makeFirst(plan, store, state, now);
  if (plan.encryptionKey && !state.encryption) {
    await makeEncryptionKey(store, FIRST.current);
    state = { ...state, encryption: FIRST };
    await writeState(store, state);
  }
  const { faults, ...lasting } = await checkLasting(plan, store, state, now);
  if (faults.length > 0) throw new SecretStoreError(faults.join('\n'));
  for (const authority of plan.authorities) await ensureSelfSigned(authority, store, state, now);
  const certificates: CertificateReport[] = [];
  for (const leaf of plan.certificates) certificates.push(await ensureLeaf(leaf, store, state, now));
  if (!state.complete) {
    state = { ...state, complete: true };
    await writeState(store, state);
  }
  const removed = leftovers(plan, await store.list(), state);
  for (const entry of removed) await store.remove(entry);
  return {
    ...lasting,
    certificates,
    removed: removed.map(certificateOf).filter((name) => name !== undefined),
  };
}

/** Makes a new generation of an authority under its issuer. Its key is written first: a certificate means that both are there. */
export async function makeAuthority(
  plan: AuthorityPlan,
  generation: number,
  store: SecretStore,
  state: PkiState,
  now: Date,
  key?: string,
): Promise<void> {
  const issuer = plan.issuer && (await readSigner(store, plan.issuer, state.authorities[plan.issuer].current));
  const made = await issueAuthority(plan, issuer, now, key);
  await store.write(authorityKeyEntry(plan.name, generation), made.key);
  await store.write(authorityCertificateEntry(plan.name, generation), made.certificate);
}

/** RSA of 2048 bits: RS256 is what every cloud checks tokens by (OpenID Connect Core asks for it, and AWS STS takes it). */
export async function makeServiceAccountKey(store: SecretStore, generation: number): Promise<void> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await store.write(serviceAccountEntry(generation), pem);
}

/** Thirty-two random bytes. */
export async function makeEncryptionKey(store: SecretStore, generation: number): Promise<void> {
  await store.write(encryptionEntry(generation), `${randomBytes(32).toString('base64')}\n`);
}

async function makeFirst(plan: PkiPlan, store: SecretStore, state: PkiState, now: Date): Promise<void> {
  for (const authority of plan.authorities) {
    const { current } = state.authorities[authority.name];
    if (await store.read(authorityCertificateEntry(authority.name, current))) continue;
    await makeAuthority(authority, current, store, state, now);
  }
  const { current } = state.serviceAccounts;
  if (!(await store.read(serviceAccountEntry(current)))) await makeServiceAccountKey(store, current);
}

/** Makes an authority's second certificate where it is missing or damaged, for each generation that is accepted. */
async function ensureSelfSigned(plan: AuthorityPlan, store: SecretStore, state: PkiState, now: Date): Promise<void> {
  if (!plan.selfSigned) return;
  for (const generation of state.authorities[plan.name].accepted) {
    if (!(await checkSelfSigned(plan.name, generation, store))) continue;
    const { key } = await readSigner(store, plan.name, generation);
    const made = await issueAuthority(plan, undefined, now, key);
    await store.write(selfSignedCertificateEntry(plan.name, generation), made.certificate);
  }
}

async function ensureLeaf(
  plan: CertificatePlan,
  store: SecretStore,
  state: PkiState,
  now: Date,
): Promise<CertificateReport> {
  const { name, authority } = plan;
  const { current } = state.authorities[authority];
  const issuer = await readAuthority(store, authority, current);
  const { leaf, reason } = await checkLeaf(plan, issuer, store, state, now);
  if (leaf && !reason) return { name, authority, change: 'kept', ...publicFacts(leaf.parsed) };
  refuseExpired(store, authority, issuer, now);
  const made = await issueLeaf(plan, plan.days * MINUTES_A_DAY, await readSigner(store, authority, current), now);
  await store.write(certificateEntry(name), made.certificate + made.key);
  const { parsed } = (await readLeaf(store, name))!;
  return {
    name,
    authority,
    ...(reason ? { change: 'renewed' as const, reason } : { change: 'created' as const }),
    ...publicFacts(parsed),
  };
}

function refuseExpired(store: SecretStore, name: AuthorityName, { parsed }: StoredAuthority, now: Date): void {
  if (now.getTime() < Date.parse(parsed.validTo)) return;
  const { notAfter } = publicFacts(parsed);
  throw new SecretStoreError(`${store.place}: the authority ${name} ended on ${notAfter}; rotate it`);
}
