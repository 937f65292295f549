import type { ApiClient } from '../../src/engines';
import { ENCRYPTED_RESOURCES } from '../secrets/encryption';

/** Objects a request. */
const PAGE = 200;

interface List {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly { readonly metadata: { readonly namespace?: string; readonly name: string } }[];
}

/**
 * Writes every object that is encrypted at rest anew, as it is: so that each is encrypted with the key that writes
 * now. Gives how many. One that somebody else wrote or removed meanwhile needs no second writing.
 */
export async function rewriteEncrypted(client: ApiClient): Promise<number> {
  let written = 0;
  for (const resource of ENCRYPTED_RESOURCES) {
    let next: string | undefined;
    do {
      const more = next === undefined ? '' : `&continue=${encodeURIComponent(next)}`;
      const answer = await client.request('GET', `/api/v1/${resource}?limit=${PAGE}${more}`);
      if (answer.status !== 200) throw new Error(`${resource} cannot be listed: ${messageOf(answer.body)}`);
      const { items, metadata } = answer.body as List;
      for (const object of items) {
        const { namespace = '', name } = object.metadata;
        const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`;
        const { status, body } = await client.request('PUT', path, object);
        if (status === 409 || status === 404) continue;
        if (status >= 300) throw new Error(`${resource} ${namespace}/${name} cannot be written: ${messageOf(body)}`);
        written++;
      }
      next = metadata.continue || undefined;
    } while (next !== undefined);
  }
  return written;
}

function messageOf(body: unknown): string {
  return (body as { message?: string }).message ?? String(body);
}
