import { exclusively } from './exclusively';
import { makeHost, removeHost } from './host-kind';
import type { LocalCluster } from './index';
import { readBook } from './members';
import { placeAt } from './place';

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
  const names = local.operated.members.map((member) => member.name);
  const host = local.hosts.find((one) => one.name === name);
  if (!host || !names.includes(name)) {
    throw new Error(`${local.operated.cluster} has no control-plane host '${name}': write one of ${names.join(', ')}`);
  }
  await exclusively(place, async () => {
    const others = (await readBook(place)).started.filter((one) => one !== name);
    if (others.length === 0) {
      throw new Error(
        `${name} is the only host with etcd's data: add hosts first (keelson cluster scale), or restore a snapshot`,
      );
    }
    onProgress(`${name}: leaves etcd and is removed`);
    await removeHost(place, local.operated, host);
    onProgress(`${name}: is made anew and joins`);
    const { kubernetesVersion } = local.cluster;
    await makeHost(place, { operated: local.operated, kubernetesVersion, host });
  });
}
