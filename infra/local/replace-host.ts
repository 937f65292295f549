import { exclusively } from './exclusively';
import { makeHost, removeHost } from './host-kind';
import type { LocalCluster } from './index';
import { readBook } from './members';
import { placeAt } from './place';

/** Rejects where a host cannot be replaced: there is no such one, or no other has etcd's data. */
export async function refuseReplacement({ operated }: LocalCluster, name: string): Promise<void> {
  const names = operated.members.map((member) => member.name);
  if (!names.includes(name)) {
    throw new Error(`${operated.cluster} has no control-plane host '${name}': write one of ${names.join(', ')}`);
  }
  const others = (await readBook(placeAt(operated.directory))).started.filter((one) => one !== name);
  if (others.length > 0) return;
  throw new Error(
    `${name} is the only host with etcd's data: add hosts first (keelson cluster scale), or restore a snapshot`,
  );
}

/**
 * Removes a host of the control plane with all of its data and makes it anew: its member leaves etcd, and one without
 * data joins. Rejects before anything is changed where there is no such host, or no other has etcd's data.
 */
export async function replaceHost(
  local: LocalCluster,
  name: string,
  onProgress: (message: string) => void = () => {},
): Promise<void> {
  const place = placeAt(local.operated.directory);
  await exclusively(place, async () => {
    await refuseReplacement(local, name);
    const host = local.hosts.find((one) => one.name === name)!;
    onProgress(`${name}: leaves etcd and is removed`);
    await removeHost(place, local.operated, host);
    onProgress(`${name}: is made anew and joins`);
    const { kubernetesVersion } = local.cluster;
    await makeHost(place, { operated: local.operated, kubernetesVersion, host });
  });
}
