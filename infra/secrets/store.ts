import { createHash } from 'node:crypto';

/**
 * Where a cluster's keys and certificates are kept: small texts by name. It is the only truth about secrets; nothing
 * of it goes into Pulumi's state, plans or logs.
 */
export interface SecretStore {
  /** For messages, such as a folder's path. Names no secret. */
  readonly place: string;
  /** Undefined where nothing has that name. Rejects with a `SecretStoreError` where it cannot be read. */
  read(name: string): Promise<Buffer | undefined>;
  /** Replaces the text in one step: readers see the old or the new one. Only inside `exclusively`. */
  write(name: string, text: string | Buffer): Promise<void>;
  /** All names, in code-unit order. */
  list(): Promise<readonly string[]>;
  /** Quiet where nothing has that name. Only inside `exclusively`. */
  remove(name: string): Promise<void>;
  /** Runs the work while no other writer does. Does not nest. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/** The store, or an entry of it, cannot be used. The message names the place, what is wrong and what to do; no secret. */
export class SecretStoreError extends Error {
  override readonly name: string = 'SecretStoreError';
}

/** Throws where a name is none: folders and file of lower-case letters, digits, `-` and `.`, none starting with a dot. */
export function checkEntryName(name: string): void {
  if (/^[a-z0-9-][a-z0-9.-]*(?:\/[a-z0-9-][a-z0-9.-]*)*$/.test(name)) return;
  throw new SecretStoreError(
    `\`${name}\` is no name of a secret: write lower-case letters, digits, - and . between slashes`,
  );
}

/** Digest by which one sees that an entry changed, without seeing the entry. */
export function digest(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}
