import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiAnswer, ApiClient } from '../../../src/engines';

/** Clients at once, each with kept connections of its own. */
const CLIENTS = 4;
/** Between two writes of one client, in milliseconds. */
const PAUSE = 60;
/** Waits before one tries again, in milliseconds: the first, doubled each time, and the longest. */
const [FIRST_WAIT, LONGEST_WAIT] = [50, 1_000];
/** Answers after which a client asks again: busy, or the server's own fault. One of 401 had its credentials renewed. */
const AGAIN = [401, 429, 500, 502, 503, 504];

/** What clients saw in a stretch of time. */
export interface Figures {
  /** Writes that were answered with success, and then read back at once. */
  readonly acknowledged: number;
  /** Attempts that had to be made again, by what was wrong with them. */
  readonly retried: Readonly<Record<string, number>>;
  /** What went wrong although it was tried again, or needed no second try to be wrong. */
  readonly errors: readonly string[];
  /** The longest time in which no write of any client was acknowledged, in milliseconds. */
  readonly longestGap: number;
  /** Of all writes, until they were acknowledged with whatever was tried again, in milliseconds. */
  readonly p99: number;
  readonly slowest: number;
}

/** Clients that write through the load balancer without end, and remember what they were promised. */
export class Load {
  readonly #clients: Promise<void>[] = [];
  /** Writes that were acknowledged since they were last looked for, by path. */
  readonly #promised = new Map<string, string>();
  #namespace = '';
  #next = 0;
  #stretch = 0;
  #stopped = false;
  #since = Date.now();
  #last = Date.now();
  #seen: { retried: Record<string, number>; errors: string[]; times: number[]; gap: number } = seen();

  private constructor(
    private readonly connect: () => ApiClient,
    private readonly patience: number,
  ) {}

  /** Starts; `connect` reads the credentials anew each time. An attempt is given up after `patience` milliseconds. */
  static async start(connect: () => ApiClient, patience = 30_000): Promise<Load> {
    const client = connect();
    const load = new Load(connect, patience);
    load.#namespace = await newNamespace(client).finally(() => client.close());
    for (let i = 0; i < CLIENTS; i++) load.#clients.push(load.#write());
    return load;
  }

  /** Begins a new stretch of time. All clients connect anew, so that each API server has some of them. */
  begin(): void {
    this.#stretch++;
    this.#seen = seen();
    this.#since = Date.now();
    this.#last = Date.now();
  }

  /** What was seen since `begin`. */
  figures(): Figures {
    const { retried, errors, times, gap } = this.#seen;
    const sorted = [...times].sort((a, b) => a - b);
    return {
      acknowledged: times.length,
      retried: { ...retried },
      errors: [...errors],
      longestGap: Math.max(gap, Date.now() - this.#last),
      p99: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Date.now() - this.#since,
      slowest: sorted.at(-1) ?? Date.now() - this.#since,
    };
  }

  /** Paths of the writes that were acknowledged since `lost` was last asked. */
  promised(): readonly string[] {
    return [...this.#promised.keys()];
  }

  /**
   * Looks for every acknowledged write and gives those that are not there as they were written. What is written from
   * now on goes into a new namespace, so that one has not to look through all that was ever written.
   */
  async lost(): Promise<readonly string[]> {
    const client = this.connect();
    try {
      const promised = new Map(this.#promised);
      this.#namespace = await newNamespace(client);
      const found = new Map<string, string | undefined>();
      for (const namespace of new Set([...promised.keys()].map((one) => path.dirname(one)))) {
        for (let next = ''; ;) {
          const { status, body } = await client.request('GET', `${namespace}?limit=500${next}`);
          if (status !== 200) throw new Error(`${namespace}: ${status}`);
          const { items, metadata: list } = body as List;
          for (const { metadata, data } of items) found.set(`${namespace}/${metadata.name}`, data?.['value']);
          if (!list.continue) break;
          next = `&continue=${encodeURIComponent(list.continue)}`;
        }
      }
      for (const one of promised.keys()) this.#promised.delete(one);
      return [...promised].filter(([one, value]) => found.get(one) !== value).map(([one]) => one);
    } finally {
      client.close();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  async #write(): Promise<void> {
    let client = this.connect();
    const renew = (): void => {
      client.close();
      client = this.connect();
    };
    for (let stretch = this.#stretch; !this.#stopped;) {
      if (stretch !== this.#stretch) {
        renew();
        stretch = this.#stretch;
      }
      const [folder, name] = [this.#namespace, `write-${this.#next++}`];
      const value = randomBytes(16).toString('hex');
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } };
      const started = Date.now();
      // Who got no answer cannot know whether it was written; the name is nobody else's.
      const written = await this.#insist(() => client, renew, 'POST', folder, body);
      if (written && (written.status === 201 || written.status === 409)) {
        this.#promised.set(`${folder}/${name}`, value);
        this.#acknowledge(started);
        const stored = await this.#insist(() => client, renew, 'GET', `${folder}/${name}`);
        const found = (stored?.body as { data?: { value?: string } } | undefined)?.data?.value;
        if (stored && found !== value) this.#seen.errors.push(`${name}: was written, and reads as ${stored.status}`);
      } else if (written) this.#seen.errors.push(`${name}: ${written.status} ${JSON.stringify(written.body)}`);
      await sleep(PAUSE);
    }
    client.close();
  }

  /** Asks until it gets an answer that it needs not ask for again; nothing where patience ends. */
  async #insist(
    client: () => ApiClient,
    renew: () => void,
    method: string,
    target: string,
    body?: unknown,
  ): Promise<ApiAnswer | undefined> {
    const deadline = Date.now() + this.patience;
    for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      const answer = await client()
        .request(method, target, body)
        .catch((error: NodeJS.ErrnoException) => error.code ?? error.message);
      if (typeof answer !== 'string' && !AGAIN.includes(answer.status)) return answer;
      const why = typeof answer === 'string' ? answer : String(answer.status);
      this.#seen.retried[why] = (this.#seen.retried[why] ?? 0) + 1;
      if (Date.now() > deadline || this.#stopped) {
        this.#seen.errors.push(`${method} ${target}: ${why}`);
        return undefined;
      }
      await sleep(wait);
      renew();
    }
  }

  #acknowledge(started: number): void {
    const now = Date.now();
    this.#seen.times.push(now - started);
    this.#seen.gap = Math.max(this.#seen.gap, now - this.#last);
    this.#last = now;
  }
}

/** Gives where its ConfigMaps are. */
async function newNamespace(client: ApiClient): Promise<string> {
  const name = `load-${randomBytes(4).toString('hex')}`;
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  const { status } = await client.request('POST', '/api/v1/namespaces', body);
  if (status !== 201) throw new Error(`namespace ${name}: ${status}`);
  return `/api/v1/namespaces/${name}/configmaps`;
}

interface List {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly { readonly metadata: { readonly name: string }; readonly data?: Record<string, string> }[];
}

function seen() {
  return { retried: {}, errors: [], times: [], gap: 0 };
}
