import { FolderStore } from '../secrets/folder-store';
import { readBook } from './members';
import type { Place } from './place';

/**
 * What to say where hosts hold data and the secret store is empty: a new one would have other keys, and overwrite the
 * last copies of those that the data was encrypted with. Nothing where all is well, or nothing was ever there.
 */
export async function lostStore(place: Place): Promise<string | undefined> {
  // Where the book is damaged that is told by whoever needs it.
  const { started } = await readBook(place).catch(() => ({ started: [] as readonly string[] }));
  if (started.length === 0) return undefined;
  const store = await FolderStore.open(place.secrets);
  if ((await store.list()).length > 0) return undefined;
  return (
    `${place.secrets}: is lost, and ${started.join(', ')} hold data that only its keys open: restore the whole store ` +
    `from its backup, or give the cluster up ('keelson down')`
  );
}
