import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Regular files below a folder; those that vanish meanwhile are left out. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}

/** A piece of every private key, and of every key that encrypts, below a folder. */
export function keysBelow(folder: string): string[] {
  return filesBelow(folder).flatMap((file) => {
    const text = readFileSync(file, 'latin1');
    const pem = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/.exec(text)?.[0];
    if (pem) return [secretLine(createPrivateKey(pem))];
    return file.includes('/encryption/') && /^[\w+/]{43}=\n$/.test(text) ? [text.trim()] : [];
  });
}

/** A line of PEM that is secret: the first ones say what kind of key it is, and of RSA the next ones are public. */
function secretLine(key: KeyObject): string {
  const lines = key.export({ type: 'pkcs8', format: 'pem' }).toString().split('\n');
  return lines[key.asymmetricKeyType === 'rsa' ? 9 : 2]!;
}

/** Names of the texts that hold a key, or anything in PEM, as it is or in base64. */
export function leaks(texts: ReadonlyMap<string, string>, keys: readonly string[]): string[] {
  const traces = ['-----BEGIN', Buffer.from('-----BEGIN').toString('base64').slice(0, 13), ...keys];
  return [...texts].filter(([, text]) => traces.some((trace) => text.includes(trace))).map(([name]) => name);
}

/** Files that hold a private key, a key that encrypts or a passphrase, and that others than their owner may read. */
export function openSecrets(folder: string): string[] {
  return filesBelow(folder).filter((file) => {
    const secret = /PRIVATE KEY-----|^ +secret: /m.test(readFileSync(file, 'latin1')) || file.endsWith('/passphrase');
    return secret && (statSync(file).mode & 0o077) !== 0;
  });
}
