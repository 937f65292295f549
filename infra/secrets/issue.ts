import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { AuthorityName } from '../control-plane/host';
import type { AuthorityPlan, CertificatePlan, PkiPlan } from '../control-plane/pki';
import {
  publicKeyOf,
  readAuthority,
  readEncryptionKey,
  readLeaf,
  readServiceAccountKey,
  readSigner,
  type StoredAuthority,
  type StoredLeaf,
} from './contents';
import {
  authorityCertificateEntry,
  authorityKeyEntry,
  certificateEntry,
  CERTIFICATES,
  encryptionEntry,
  serviceAccountEntry,
} from './entries';
import { keyId } from './issuer';
import { removeLeftovers } from './leftovers';
import { inLastThird, publicFacts, type AuthorityReport, type CertificateReport, type PkiReport } from './report';
import { FIRST, INITIAL_STATE, readState, writeState, type PkiState } from './state';
import { SecretStoreError, type SecretStore } from './store';
import { authorityDifference, CLOCK_SKEW_MINUTES, issueAuthority, issueLeaf, leafDifference } from './x509';

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
  const { authorities, serviceAccountKeys, due } = await checkLasting(plan, store, state, now);
  const certificates: CertificateReport[] = [];
  for (const leaf of plan.certificates) certificates.push(await ensureLeaf(leaf, store, state, now));
  if (!state.complete) {
    state = { ...state, complete: true };
    await writeState(store, state);
  }
  const removed = await removeLeftovers(plan, store, state);
  return {
    authorities,
    certificates,
    serviceAccountKeys,
    removed: removed
      .filter((entry) => entry.startsWith(CERTIFICATES))
      .map((entry) => entry.slice(CERTIFICATES.length).replace(/\.pem$/, '')),
    due,
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

/** Reads everything that cannot simply be made again, and says all that is wrong with it at once. */
async function checkLasting(plan: PkiPlan, store: SecretStore, state: PkiState, now: Date) {
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
  if (faults.length > 0) throw new SecretStoreError(faults.join('\n'));
  return { authorities, serviceAccountKeys: keys.map((key) => keyId(publicKeyOf(key))), due };
}

function dueFor(plan: AuthorityPlan, { certificate, parsed }: StoredAuthority, now: Date): readonly string[] {
  const { notAfter } = publicFacts(parsed);
  const difference = authorityDifference(plan, certificate);
  return [
    ...(inLastThird(parsed, now) ? [`${plan.name}: its certificate ends on ${notAfter}`] : []),
    ...(difference ? [`${plan.name}: ${difference} is not as planned`] : []),
  ];
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
  const found = await readLeafOrFault(store, name);
  const reason = typeof found === 'string' ? found : found && reasonToRenew(plan, found, issuer, state, now);
  if (found && typeof found !== 'string' && !reason) {
    return { name, authority, change: 'kept', ...publicFacts(found.parsed) };
  }
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

/** A damaged leaf is no loss: it is made anew, and the report says why. */
async function readLeafOrFault(store: SecretStore, name: string): Promise<StoredLeaf | string | undefined> {
  try {
    return await readLeaf(store, name);
  } catch (error) {
    if (error instanceof SecretStoreError) return error.message;
    throw error;
  }
}

function reasonToRenew(
  plan: CertificatePlan,
  { certificate, parsed }: StoredLeaf,
  issuer: StoredAuthority,
  { renewBefore }: PkiState,
  now: Date,
): string | undefined {
  if (!signedBy({ parsed }, issuer)) return 'another authority signs now';
  const difference = leafDifference(plan, certificate);
  if (difference) return `${difference} differs from the plan`;
  const made = Date.parse(parsed.validFrom) + CLOCK_SKEW_MINUTES * 60_000;
  if (renewBefore && made < Date.parse(renewBefore)) return 'a rotation of the leaves';
  return inLastThird(parsed, now) ? 'the last third of its life' : undefined;
}

function signedBy({ parsed }: Pick<StoredAuthority, 'parsed'>, issuer: StoredAuthority): boolean {
  return parsed.checkIssued(issuer.parsed) && parsed.verify(issuer.parsed.publicKey);
}

function refuseExpired(store: SecretStore, name: AuthorityName, { parsed }: StoredAuthority, now: Date): void {
  if (now.getTime() < Date.parse(parsed.validTo)) return;
  const { notAfter } = publicFacts(parsed);
  throw new SecretStoreError(`${store.place}: the authority ${name} ended on ${notAfter}; rotate it`);
}
