import { readFile } from 'node:fs/promises';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { HealthCheck } from '../control-plane/host';

/** How long an answer may take, in milliseconds. */
const TIMEOUT = 5_000;

/** Asks a unit whether it is well: nothing if it is, else why not. */
export async function unwell(check: HealthCheck): Promise<string | undefined> {
  try {
    const ca = check.trust === undefined ? undefined : await readFile(check.trust);
    const status = await get(check.url, ca);
    return status === 200 ? undefined : `${check.url} answers ${status}`;
  } catch (error) {
    return `${check.url}: ${(error as Error).message || (error as NodeJS.ErrnoException).code}`;
  }
}

function get(url: string, ca: Buffer | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    // A trust file holds an intermediate alone: it is the anchor.
    const options = { timeout: TIMEOUT, agent: false, ...(ca ? { ca, allowPartialTrustChain: true } : {}) } as const;
    const outgoing = (url.startsWith('https:') ? requestHttps : requestHttp)(url, options, (incoming) => {
      incoming.resume();
      incoming.on('end', () => resolve(incoming.statusCode ?? 0));
      incoming.on('error', reject);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in ${TIMEOUT / 1000} s`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
