import { Agent, request } from 'node:https';

/** An API server's answer: status and body, parsed where it is JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Who asks an API server, and whom they trust to be it. */
export interface ApiAccess {
  /** Such as `https://127.0.0.1:6443`. */
  readonly url: string;
  /** PEM of the certificates that the server's own is checked against; an intermediate alone is enough. */
  readonly ca: string;
  /** Bearer token. @default - a client certificate says who asks */
  readonly token?: string;
  /** PEM of a client certificate and its key. @default - a token says who asks */
  readonly certificate?: string;
  readonly key?: string;
  /** How long an answer may take, in milliseconds. @default 30000 */
  readonly timeout?: number;
}

/** Sends requests to one API server over kept connections. */
export interface ApiClient {
  /** Sends one request. Rejects only when no answer comes. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  /** Closes the kept connections. */
  close(): void;
}

/** A client of one API server. */
export function apiClient(access: ApiAccess): ApiClient {
  const { url, ca, token, certificate, key, timeout = 30_000 } = access;
  const agent = new Agent({
    keepAlive: true,
    ca,
    allowPartialTrustChain: true,
    ...(certificate === undefined ? {} : { cert: certificate, key }),
  });
  return {
    close: () => agent.destroy(),
    request: (method, target, body, headers = {}) =>
      new Promise((resolve, reject) => {
        const payload = body === undefined ? undefined : JSON.stringify(body);
        const outgoing = request(
          new URL(target, url),
          {
            method,
            agent,
            timeout,
            headers: {
              ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
              ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
              ...headers,
            },
          },
          (incoming) => {
            const chunks: Buffer[] = [];
            incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
            incoming.on('error', reject);
            incoming.on('end', () =>
              resolve({ status: incoming.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString('utf8')) }),
            );
          },
        );
        outgoing.on('timeout', () => outgoing.destroy(new Error(`${url}: no answer in ${timeout / 1000} s`)));
        outgoing.on('error', reject);
        outgoing.end(payload);
      }),
  };
}

/** The content type does not tell what is JSON: the index of OpenAPI says that it is plain text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
