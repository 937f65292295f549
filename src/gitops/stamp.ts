import { createHash } from 'node:crypto';

/** What a file's first line says about who wrote it. */
export type Stamp =
  /** No stamp: Keelson never wrote this file. */
  | 'foreign'
  /** Keelson wrote it, and somebody changed it since. */
  | 'edited'
  /** Just as Keelson wrote it. */
  | 'intact';

const before = 'Rendered by Keelson (sha256:';
const after = "). Change the platform's source, not this file.";
const stampLine = new RegExp(`^(?:# |<!-- )${escape(before)}([0-9a-f]{64})${escape(after)}(?: -->)?\\r?$`);

/**
 * The file with its first line, which names the digest of all that follows, so that a file tells by itself who wrote
 * it: no list of all files is needed, and adding a tenant writes nothing outside its directory.
 */
export function stamp(path: string, body: string): string {
  const text = `${before}${createHash('sha256').update(body, 'utf8').digest('hex')}${after}`;
  return path.endsWith('.md') ? `<!-- ${text} -->\n${body}` : `# ${text}\n${body}`;
}

/** Reads the stamp of a file's text. */
export function readStamp(text: string): Stamp {
  const end = text.indexOf('\n');
  const digest = stampLine.exec(end < 0 ? text : text.slice(0, end))?.[1];
  if (digest === undefined) return 'foreign';
  const body = end < 0 ? '' : text.slice(end + 1);
  return createHash('sha256').update(body, 'utf8').digest('hex') === digest ? 'intact' : 'edited';
}

function escape(text: string): string {
  return text.replace(/[().]/g, '\\$&');
}
