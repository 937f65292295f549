import { compareText } from '../model/finding';
import type { Manifest } from './manifest';

/** Where the record stands, beside platform.ts. It is committed. */
export const LOCK_FILE = 'keelson.lock.json';

/** The product as one revision of Keelson has it: what an upgrade compares with. */
export interface Product {
  /** As its package.json says. */
  readonly version: string;
  /** Commit of Keelson. */
  readonly revision: string;
  readonly manifest: Manifest;
  /** Each product file's mode and git object, such as `100644 3b18e5…`, by path. */
  readonly files: ReadonlyMap<string, string>;
}

/** The Keelson that a repository was last upgraded to. */
export interface Lock extends Product {
  /** Git URL without credentials, or a folder relative to the platform's. */
  readonly source: string;
}

export function lockText({ version, source, revision, manifest, files }: Lock): string {
  const about =
    'The Keelson that this repository holds. Written by `keelson upgrade`, which compares with it: commit it.';
  const sorted = Object.fromEntries([...files].sort(([a], [b]) => compareText(a, b)));
  return `${JSON.stringify({ about, version, source, revision, package: manifest, files: sorted }, null, 2)}\n`;
}

/** Reads such a record; undefined where the text is none. */
export function parseLock(text: string): Lock | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { version, source, revision, package: manifest, files } = (value ?? {}) as Record<string, unknown>;
  const strings = [version, source, revision].every((one) => typeof one === 'string');
  if (!strings || !isObject(manifest) || !isObject(files)) return undefined;
  if (!Object.values(files).every((one) => typeof one === 'string')) return undefined;
  return {
    version: version as string,
    source: source as string,
    revision: revision as string,
    manifest,
    files: new Map(Object.entries(files as Record<string, string>)),
  };
}

function isObject(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
