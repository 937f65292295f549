import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { issueAuthority, issueLeaf } from '../../../infra/secrets/x509';

/** A server of releases, on loopback over https. */
export interface Releases {
  readonly url: string;
  /** PEM of whom a client must trust. */
  readonly ca: string;
  /** What is served at `/engine`; `/engine.sha256` has its digest. May be changed at any time. */
  content: Buffer;
  /** How it misbehaves. */
  behaviour: Behaviour;
  /** Requests for `/engine` so far. */
  readonly requests: { readonly range?: string; sent: number }[];
  close(): Promise<void>;
}

export interface Behaviour {
  /** Milliseconds between parts of 64 KiB. @default 0 */
  readonly pause?: number;
  /** Breaks the connection after so many bytes of the answer, for so many answers. */
  readonly breakAfter?: number;
  readonly breaks?: number;
  /** Does not say how much there is. */
  readonly lengthless?: boolean;
  /** Always sends the whole. */
  readonly rangeless?: boolean;
  /** What it says instead of the digest. */
  readonly digest?: string;
  /** Sends clients on to there. */
  readonly elsewhere?: string;
}

const PART = 64 * 1024;

export async function startReleases(content: Buffer): Promise<Releases> {
  const now = new Date();
  const authority = await issueAuthority(
    { name: 'root', commonName: 'releases', days: 1, pathLength: 0 },
    undefined,
    now,
  );
  const leaf = await issueLeaf(
    { subject: { commonName: 'releases' }, dnsNames: [], addresses: ['127.0.0.1'], usages: ['server'] },
    60,
    authority,
    now,
  );
  const requests: Releases['requests'] = [];
  const server = createServer({ cert: leaf.certificate, key: leaf.key }, (request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const releases: Releases = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: authority.certificate,
    content,
    behaviour: {},
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  let broken = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { content: whole, behaviour } = releases;
    if (behaviour.elsewhere)
      return void response.writeHead(302, { location: `${behaviour.elsewhere}${request.url}` }).end();
    if (request.url === '/engine.sha256') {
      return void response.end(behaviour.digest ?? createHash('sha256').update(whole).digest('hex'));
    }
    if (request.url !== '/engine') return void response.writeHead(404).end();
    const { range } = request.headers;
    const record = { ...(range === undefined ? {} : { range }), sent: 0 };
    requests.push(record);
    const start = behaviour.rangeless ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    if (start > 0 && start >= whole.length) return void response.writeHead(416).end();
    const body = whole.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, behaviour.lengthless ? {} : { 'content-length': body.length });
    const end =
      behaviour.breakAfter !== undefined && broken < (behaviour.breaks ?? 1) ? behaviour.breakAfter : Infinity;
    if (end < body.length) broken++;
    for (let at = 0; at < body.length; at += PART) {
      if (response.destroyed) return;
      if (at >= end) {
        await sleep(50);
        return void response.destroy();
      }
      const part = body.subarray(at, at + PART);
      record.sent += part.length;
      response.write(part);
      if (behaviour.pause) await sleep(behaviour.pause);
    }
    response.end();
  }
  return releases;
}
