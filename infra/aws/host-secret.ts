import { gunzipSync, gzipSync } from 'node:zlib';
import type { Host } from '../control-plane/host';

/** The most that a secret of AWS Secrets Manager holds, in bytes. Source: its quotas, "Secret value". */
const LONGEST = 65_536;

/** Name of the secret with a host's own keys and certificates. Its value never passes through Pulumi. */
export function hostSecretName(cluster: string, host: string): string {
  return `keelson/${cluster}/hosts/${host}`;
}

/** Paths of the files that a host takes from its secret, in code-unit order. */
export function secretPaths(host: Host): readonly string[] {
  return host.files
    .filter(({ content }) => typeof content !== 'string')
    .map(({ path }) => path)
    .sort();
}

/**
 * The value (`SecretBinary`) of a host's secret: a line `path base64` for each file, compressed. The same files give
 * the same bytes. Throws where they do not fit.
 */
export function encodeHostSecret(files: ReadonlyMap<string, Buffer>): Buffer {
  const lines = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, content]) => `${path} ${content.toString('base64')}\n`);
  const value = gzipSync(lines.join(''), { level: 9 });
  if (value.length <= LONGEST) return value;
  throw new Error(`keys and certificates of one host are ${value.length} bytes, and a secret holds ${LONGEST}`);
}

/** The reverse of `encodeHostSecret`. */
export function decodeHostSecret(value: Buffer): ReadonlyMap<string, Buffer> {
  const lines = gunzipSync(value).toString('utf8').split('\n').filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [path = '', content = ''] = line.split(' ');
      return [path, Buffer.from(content, 'base64')];
    }),
  );
}
