import type { AuthorityName } from '../control-plane/host';
import type { IntermediateName, PkiPlan } from '../control-plane/pki';
import { readSigner } from './contents';
import { checkLasting } from './inspect';
import { ensureLocked, makeAuthority, makeEncryptionKey, makeServiceAccountKey } from './issue';
import type { PkiReport } from './report';
import { rotationSteps, type Need, type RotationStep } from './rotation-steps';
import { AUTHORITY_NAMES, requireState, writeState, type Generations, type PkiState, type RotationKind } from './state';
import { SecretStoreError, type SecretStore } from './store';

/** A step that is done in the store and must now be rolled out. */
export interface RotationProgress {
  readonly kind: RotationKind;
  readonly step: RotationStep;
  /** From 1. */
  readonly number: number;
  readonly of: number;
  readonly report: PkiReport;
}

/** A rotation that waits: for its roll-out, or for the next step. */
export interface RotationStatus {
  readonly kind: RotationKind;
  /** The last step that the store has. */
  readonly step: RotationStep;
  readonly rolledOut: boolean;
  /** @default - there is none after it */
  readonly next?: RotationStep;
}

/** A rotation cannot go on yet. The message says what is missing. */
export class RotationBlockedError extends Error {
  override readonly name = 'RotationBlockedError';

  constructor(
    message: string,
    /** @default - another rotation is running */
    readonly need?: Need,
  ) {
    super(message);
  }
}

/** What happens outside the store while a rotation runs. */
export interface RotationHooks {
  readonly now: () => Date;
  /** Brings the step's files to the hosts, one host after the other, and restarts what reads them. */
  readonly rollOut: (progress: RotationProgress) => Promise<void>;
  /** Sees to it, or waits until it is so; true once it is. */
  readonly satisfy: (need: Need) => Promise<boolean>;
}

/** Where a rotation stands; undefined where none runs. */
export async function rotationStatus(store: SecretStore): Promise<RotationStatus | undefined> {
  const { rotation } = await requireState(store);
  if (!rotation) return undefined;
  const steps = rotationSteps(rotation.kind);
  const next = steps[rotation.done];
  return { kind: rotation.kind, step: steps[rotation.done - 1]!, rolledOut: rotation.rolledOut, ...(next && { next }) };
}

/**
 * Rotates, from wherever an earlier run was killed. Rejects with a `RotationBlockedError` where a need is not met or
 * another rotation has not ended; what was done until then stays, and a later run goes on from there.
 */
export async function rotate(
  kind: RotationKind,
  plan: PkiPlan,
  store: SecretStore,
  hooks: RotationHooks,
): Promise<void> {
  const status = await rotationStatus(store);
  let next = status?.kind === kind && status.rolledOut ? status.next : undefined;
  do {
    const confirmed = next?.need && (await hooks.satisfy(next.need)) ? [next.need.name] : [];
    const progress = await advanceRotation(kind, plan, store, hooks.now(), confirmed);
    await hooks.rollOut(progress);
    next = await confirmRollOut(store, hooks.now());
  } while (next);
}

/**
 * Does the next step in the store, or completes the last one where it is not rolled out yet. Begins the rotation where
 * none runs. Rejects with a `RotationBlockedError` where another runs, or where the step's need is neither confirmed
 * nor met by time.
 */
export function advanceRotation(
  kind: RotationKind,
  plan: PkiPlan,
  store: SecretStore,
  now: Date,
  confirmed: readonly Need['name'][] = [],
): Promise<RotationProgress> {
  return store.exclusively(async () => {
    const state = await requireState(store);
    const { rotation } = state;
    if (rotation && rotation.kind !== kind) {
      throw new RotationBlockedError(`a rotation of ${rotation.kind} has not ended: end it before one of ${kind}`);
    }
    const steps = rotationSteps(kind);
    const again = rotation && !rotation.rolledOut;
    const number = again ? rotation.done : (rotation?.done ?? 0) + 1;
    const step = steps[number - 1]!;
    if (!again) {
      // Whatever is damaged is told before anything is changed.
      const { faults } = await checkLasting(plan, store, state, now);
      if (faults.length > 0) throw new SecretStoreError(faults.join('\n'));
      refuseUnmet(step.need, rotation?.since, now, confirmed);
      const moved = await move(kind, step, plan, store, state, now);
      await writeState(store, {
        ...moved,
        rotation: { kind, done: number, rolledOut: false, since: now.toISOString() },
      });
    }
    const report = await ensureLocked(plan, store, now);
    return { kind, step, number, of: steps.length, report };
  });
}

/** Says that every host has what the last step changed. Gives the step that is next; the rotation ends after its last. */
export function confirmRollOut(store: SecretStore, now: Date): Promise<RotationStep | undefined> {
  return store.exclusively(async () => {
    const { rotation, ...rest } = await requireState(store);
    if (!rotation) return undefined;
    const next = rotationSteps(rotation.kind)[rotation.done];
    const rolledOut = { ...rotation, rolledOut: true, since: now.toISOString() };
    await writeState(store, next ? { ...rest, rotation: rolledOut } : rest);
    return next;
  });
}

function refuseUnmet(need: Need | undefined, since: string | undefined, now: Date, confirmed: readonly Need['name'][]) {
  if (!need || confirmed.includes(need.name)) return;
  const until = need.hours && since ? new Date(Date.parse(since) + need.hours * 3_600_000) : undefined;
  if (until && now >= until) return;
  const wait = until ? `; by itself on ${until.toISOString()}` : '';
  throw new RotationBlockedError(`needed first (${need.name}): ${need.text}${wait}`, need);
}

/** The state after a step. What is new is in the store before the state names it. */
async function move(
  kind: RotationKind,
  step: RotationStep,
  plan: PkiPlan,
  store: SecretStore,
  state: PkiState,
  now: Date,
): Promise<PkiState> {
  switch (kind) {
    case 'leaves':
      return { ...state, renewBefore: new Date(Math.floor(now.getTime() / 1000) * 1000).toISOString() };
    case 'root':
      return recertify(plan, store, state, now);
    case 'service-account-keys': {
      const serviceAccounts = moved(step, state.serviceAccounts);
      if (step.name === 'add') await makeServiceAccountKey(store, newest(serviceAccounts));
      return { ...state, serviceAccounts };
    }
    case 'encryption-key': {
      if (!state.encryption) {
        throw new SecretStoreError(
          `${store.place}: holds no key for secrets at rest: a KMS encrypts, rotate its key there`,
        );
      }
      const encryption = moved(step, state.encryption);
      if (step.name === 'add') await makeEncryptionKey(store, newest(encryption));
      return { ...state, encryption };
    }
    default: {
      const generations = moved(step, state.authorities[kind]);
      if (step.name === 'add') await makeAuthority(planOf(plan, kind), newest(generations), store, state, now);
      return { ...state, authorities: { ...state.authorities, [kind]: generations } };
    }
  }
}

/** A new root, and a certificate under it for each intermediate's key: whoever trusts the old one accepts the same leaves. */
async function recertify(plan: PkiPlan, store: SecretStore, state: PkiState, now: Date): Promise<PkiState> {
  const next = (name: AuthorityName): Generations => only(newest(state.authorities[name]) + 1);
  const renewed = { ...state, authorities: Object.fromEntries(AUTHORITY_NAMES.map((name) => [name, next(name)])) };
  const after = renewed as PkiState;
  await makeAuthority(planOf(plan, 'root'), after.authorities.root.current, store, after, now);
  for (const name of AUTHORITY_NAMES.filter((one): one is IntermediateName => one !== 'root')) {
    const { key } = await readSigner(store, name, state.authorities[name].current);
    await makeAuthority(planOf(plan, name), after.authorities[name].current, store, after, now, key);
  }
  return after;
}

function moved({ name }: RotationStep, { current, accepted }: Generations): Generations {
  if (name === 'add') return { current, accepted: [...accepted, Math.max(...accepted) + 1] };
  const latest = Math.max(...accepted);
  return name === 'use' ? { current: latest, accepted } : only(latest);
}

function newest({ accepted }: Generations): number {
  return Math.max(...accepted);
}

function only(generation: number): Generations {
  return { current: generation, accepted: [generation] };
}

function planOf(plan: PkiPlan, name: AuthorityName) {
  return plan.authorities.find((one) => one.name === name)!;
}
