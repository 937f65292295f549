import { alarmsOf, leads } from './members';
import { etcdctl, type Operated } from './operator';
import type { LocalCluster } from './index';
import { placeAt, type Place } from './place';
import { runUnit } from './run-unit';

/** What a host's defragmentation said. */
export interface Defragmented {
  readonly host: string;
  readonly said: string;
}

/** How long one member's defragmentation may take: etcd's own advice for 8 GiB on a slow disk, and more. */
const DEFRAGMENT_TIMEOUT = '--command-timeout=10m';

/**
 * Defragments every member, whatever that frees, one after the other and the leader last. Rejects at the first that
 * fails. Where etcd has run out of space, and so takes no writes, it is compacted first and takes them again at the end.
 */
export async function defragment(
  { operated }: LocalCluster,
  onProgress: (message: string) => void = () => {},
): Promise<readonly Defragmented[]> {
  const place = placeAt(operated.directory);
  const addresses = operated.members.map(({ address }) => address);
  const alarms = await alarmsOf(place, addresses);
  if (alarms.includes('CORRUPT')) {
    throw new Error(
      `etcd: a member has data that differs from the others' (alarm CORRUPT): see 'etcd has lost members' in docs/runbooks/etcd-degraded.md`,
    );
  }
  if (alarms.includes('NOSPACE')) return makeSpace(operated, place, onProgress);
  const members = await Promise.all(
    operated.members.map(async ({ name, address }) => ({ name, leads: await leads(place, address) })),
  );
  const results: Defragmented[] = [];
  for (const { name } of members.sort((a, b) => Number(a.leads) - Number(b.leads))) {
    onProgress(name);
    const said = (await runUnit(place, name, 'etcd-defragment', ['--force'])).trim().split('\n').at(-1) ?? '';
    results.push({ host: name, said: said.replace(/^etcd-defragment: /, '') });
  }
  return results;
}

/** Nobody can take the lock of a defragmentation, nor is any member healthy, while etcd takes no writes. */
async function makeSpace(
  { members }: Operated,
  place: Place,
  onProgress: (message: string) => void,
): Promise<readonly Defragmented[]> {
  const addresses = members.map(({ address }) => address);
  const field = async (address: string, name: string): Promise<string> => {
    const fields = await etcdctl(place, [address], 'endpoint', 'status', '--write-out=fields');
    return new RegExp(`^"${name}" : (\\d+)$`, 'm').exec(fields)?.[1] ?? '?';
  };
  onProgress('no space: dropping old revisions');
  const revision = await field(addresses[0]!, 'Revision');
  // `--physical`: what it frees is free before the first member is defragmented.
  await etcdctl(place, addresses, 'compact', '--physical', revision, DEFRAGMENT_TIMEOUT).catch((error: Error) => {
    if (!error.message.includes('has been compacted')) throw error;
  });
  const results: Defragmented[] = [];
  for (const { name, address } of members) {
    onProgress(name);
    await etcdctl(place, [address], 'defrag', DEFRAGMENT_TIMEOUT);
    const [used, size] = [await field(address, 'DBSizeInUse'), await field(address, 'DBSize')];
    results.push({ host: name, said: `${name}: ${used} of ${size} bytes in use` });
  }
  await etcdctl(place, addresses, 'alarm', 'disarm');
  return results;
}
