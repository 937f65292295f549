import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Texts by key that the next run finds again, in one file that carries its own digest: a file that does not agree with
 * it counts as empty. What a run did not ask for is dropped when it saves.
 */
export class Kept {
  private readonly before: ReadonlyMap<string, string>;
  private readonly used = new Map<string, string>();

  /** @param file @default - nothing is kept */
  constructor(private readonly file?: string) {
    this.before = file === undefined ? new Map() : read(file);
  }

  get(key: string): string | undefined {
    const found = this.used.get(key) ?? this.before.get(key);
    if (found !== undefined) this.used.set(key, found);
    return found;
  }

  put(key: string, text: string): void {
    this.used.set(key, text);
  }

  /** Writes what this run used; a file that cannot be written only costs time. */
  save(): void {
    if (this.file === undefined || this.isUnchanged()) return;
    const temporary = `${this.file}.${process.pid}`;
    try {
      mkdirSync(dirname(this.file), { recursive: true });
      const text = JSON.stringify([...this.used]);
      writeFileSync(temporary, `${digest(text)}\n${text}`);
      renameSync(temporary, this.file);
    } catch {
      // Made again next time.
      removeQuietly(temporary);
    }
  }

  private isUnchanged(): boolean {
    return this.used.size === this.before.size && [...this.used.keys()].every((key) => this.before.has(key));
  }
}

function read(file: string): Map<string, string> {
  try {
    const whole = readFileSync(file, 'utf8');
    const end = whole.indexOf('\n');
    const text = whole.slice(end + 1);
    return digest(text) === whole.slice(0, end) ? new Map(JSON.parse(text) as [string, string][]) : new Map();
  } catch {
    return new Map();
  }
}

function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Where it could not be written it may not be removed either.
  }
}

export function digest(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}
