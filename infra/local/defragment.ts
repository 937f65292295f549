import { etcdctl } from './operator';
import type { LocalCluster } from './index';
import { placeAt } from './place';
import { runUnit } from './run-unit';

/** What a host's defragmentation said. */
export interface Defragmented {
  readonly host: string;
  readonly said: string;
}

/** Defragments every member, whatever that frees, one after the other and the leader last. Rejects at the first that fails. */
export async function defragment(
  { operated }: LocalCluster,
  onProgress: (message: string) => void = () => {},
): Promise<readonly Defragmented[]> {
  const place = placeAt(operated.directory);
  const isLeader = async (address: string): Promise<boolean> => {
    const fields = await etcdctl(place, [address], 'endpoint', 'status', '--write-out=fields');
    const value = (name: string): string | undefined => new RegExp(`^"${name}" : (\\d+)$`, 'm').exec(fields)?.[1];
    return value('Leader') === value('MemberID');
  };
  const members = await Promise.all(
    operated.members.map(async ({ name, address }) => ({ name, leads: await isLeader(address) })),
  );
  const results: Defragmented[] = [];
  for (const { name } of members.sort((a, b) => Number(a.leads) - Number(b.leads))) {
    onProgress(name);
    const said = (await runUnit(place, name, 'etcd-defragment', ['--force'])).trim().split('\n').at(-1) ?? '';
    results.push({ host: name, said: said.replace(/^etcd-defragment: /, '') });
  }
  return results;
}
