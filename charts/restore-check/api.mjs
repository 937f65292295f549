import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { request as overTls } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { URL } from 'node:url';

/** The Kubernetes API. The token is read anew each time: it is exchanged every hour. */
export class Api {
  constructor({ url, token, authority }) {
    this.url = new URL(url);
    this.token = token;
    this.authority = authority;
  }

  async find(path) {
    const { status, text } = await this.request('GET', path);
    if (status === 404) return undefined;
    return this.good('GET', path, status, text);
  }

  async send(method, path, body) {
    const { status, text } = await this.request(method, path, body);
    return this.good(method, path, status, text);
  }

  async text(path) {
    const { status, text } = await this.request('GET', path);
    if (status !== 200) this.good('GET', path, status, text);
    return text;
  }

  /** All objects of a collection, page by page; only their metadata where that is all that is needed. */
  async list(path, metadataOnly = false) {
    const items = [];
    let next = '';
    do {
      const page = `${path}${path.includes('?') ? '&' : '?'}limit=500${next && `&continue=${encodeURIComponent(next)}`}`;
      const kind = metadataOnly ? 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' : undefined;
      const { status, text } = await this.request('GET', page, undefined, kind);
      const list = this.good('GET', page, status, text);
      // An empty list of metadata alone is null.
      items.push(...(list.items ?? []));
      next = list.metadata.continue ?? '';
    } while (next);
    return items;
  }

  good(method, path, status, text) {
    if (status >= 200 && status < 300) return JSON.parse(text);
    let message = text;
    try {
      message = JSON.parse(text).message;
    } catch {
      // It is no Status: the text itself says what there is.
    }
    throw new Error(`${method} ${path.split('?')[0]}: ${status} ${message}`);
  }

  /** An API server that has too much to do says so, and is asked again. */
  async request(method, path, body, accept, tries = 10) {
    const answer = await this.once(method, path, body, accept);
    if (answer.status !== 429 || tries === 0) return answer;
    await sleep(1000);
    return this.request(method, path, body, accept, tries - 1);
  }

  once(method, path, body, accept = 'application/json') {
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      accept,
      authorization: `Bearer ${readFileSync(this.token, 'utf8').trim()}`,
      ...(sent && {
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
        'content-length': sent.length,
      }),
    };
    return new Promise((resolve, reject) => {
      const call = overTls(
        {
          host: this.url.hostname,
          port: this.url.port || 443,
          path,
          method,
          headers,
          ca: readFileSync(this.authority),
          // The authority of a cluster may be one below the root that its servers do not send.
          allowPartialTrustChain: true,
          timeout: 60_000,
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
          response.on('end', () => resolve({ status: response.statusCode, text })).on('error', reject);
        },
      );
      call.on('timeout', () => call.destroy(new Error('the API does not answer'))).on('error', reject);
      call.end(sent);
    });
  }
}
