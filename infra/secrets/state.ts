import type { AuthorityName } from '../control-plane/host';
import type { IntermediateName } from '../control-plane/pki';
import { STATE_ENTRY } from './entries';
import { SecretStoreError, type SecretStore } from './store';

/** Which generations of a thing are in use: the one that signs or writes, and all that are believed or read. */
export interface Generations {
  readonly current: number;
  /** In the order in which they are tried; `current` is one of them. */
  readonly accepted: readonly number[];
}

/** What is replaced by new: all leaves, one authority, or keys. */
export type RotationKind = 'leaves' | 'root' | 'service-account-keys' | 'encryption-key' | IntermediateName;

/** A rotation that has begun and not ended. */
export interface RunningRotation {
  readonly kind: RotationKind;
  /** How many of its steps are done in the store: at least one. */
  readonly done: number;
  /** True once every host has what the last of them changed. */
  readonly rolledOut: boolean;
  /** When the last step was done or, later, rolled out, in ISO 8601. */
  readonly since: string;
}

/** What of the store is in use, and where a rotation stands. Holds no secret. */
export interface PkiState {
  readonly version: 1;
  /** False until everything was made once: from then on, a missing key is a loss and not a start. */
  readonly complete: boolean;
  readonly authorities: Readonly<Record<AuthorityName, Generations>>;
  readonly serviceAccounts: Generations;
  /** `current` writes, the others are read. @default - a KMS encrypts */
  readonly encryption?: Generations;
  /** Leaves made before this are made anew, in ISO 8601. */
  readonly renewBefore?: string;
  readonly rotation?: RunningRotation;
}

export const AUTHORITY_NAMES: readonly AuthorityName[] = [
  'root',
  'etcd',
  'etcd-peer',
  'kubernetes',
  'kubelet',
  'front-proxy',
];

export const FIRST: Generations = { current: 1, accepted: [1] };

/** The state of a store in which nothing is yet. */
export const INITIAL_STATE: PkiState = {
  version: 1,
  complete: false,
  authorities: {
    root: FIRST,
    etcd: FIRST,
    'etcd-peer': FIRST,
    kubernetes: FIRST,
    kubelet: FIRST,
    'front-proxy': FIRST,
  },
  serviceAccounts: FIRST,
};

/** Undefined in an empty store. Rejects with a `SecretStoreError` where the state is lost or damaged. */
export async function readState(store: SecretStore): Promise<PkiState | undefined> {
  const text = await store.read(STATE_ENTRY);
  const fix = 'restore the whole store from its backup';
  if (text === undefined) {
    const others = await store.list();
    if (others.length === 0) return undefined;
    throw new SecretStoreError(
      `${store.place}: ${STATE_ENTRY} is lost, and ${others.length} secrets are there; ${fix}`,
    );
  }
  const state = parse(text.toString('utf8'));
  if (state) return state;
  throw new SecretStoreError(`${store.place}: ${STATE_ENTRY} is damaged; ${fix}`);
}

/** The state of a store that has been filled. Rejects with a `SecretStoreError` where it has not. */
export async function requireState(store: SecretStore): Promise<PkiState> {
  const state = await readState(store);
  if (state?.complete) return state;
  throw new SecretStoreError(`${store.place}: holds no complete set of secrets yet; run \`pulumi up\`, which makes it`);
}

export async function writeState(store: SecretStore, state: PkiState): Promise<void> {
  await store.write(STATE_ENTRY, `${JSON.stringify(state, null, 2)}\n`);
}

function parse(text: string): PkiState | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const state = (value ?? {}) as Partial<PkiState>;
  if (state.version !== 1 || typeof state.complete !== 'boolean') return undefined;
  const all = [
    ...AUTHORITY_NAMES.map((name) => state.authorities?.[name]),
    state.serviceAccounts,
    ...(state.encryption === undefined ? [] : [state.encryption]),
  ];
  return all.every(isGenerations) ? (state as PkiState) : undefined;
}

function isGenerations(value: unknown): boolean {
  const { current, accepted } = (value ?? {}) as Partial<Generations>;
  return Number.isSafeInteger(current) && Array.isArray(accepted) && accepted.includes(current);
}
