import type { Finding } from '../model/finding';

/** An error of a whole file. */
export function fileFinding(file: string, rule: string, message: string, fix?: string): Finding {
  return { rule, severity: 'error', file, message, ...(fix ? { fix } : {}) };
}

/** What a file is named for. */
export function nameOf(file: string): string {
  return file.replace(/^.*\//, '').replace(/\.[a-z]+$/, '');
}
