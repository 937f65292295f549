import type { Material } from '../control-plane/host';
import type { Kind } from '../provider/kind';
import { materialise } from '../secrets/materialise';
import { type ClusterPlace, clusterStore } from './cluster-store';
import { encodeHostSecret, hostSecretName } from './host-secret';

/** Which keys and certificates a host may have: their names and paths, never themselves. */
export interface HostSecretInputs extends ClusterPlace {
  readonly host: string;
  readonly files: readonly { readonly path: string; readonly material: Material }[];
}

/** The value of a host's own secret, from the cluster's store. The secret itself is another resource's. */
export const hostSecret: Kind<HostSecretInputs> = {
  async drift(inputs) {
    const name = hostSecretName(inputs.cluster, inputs.host);
    const [wanted, found] = await Promise.all([valueOf(inputs), manager().readBinary(inputs.region, name)]);
    return found?.equals(wanted) ? [] : [`${name} does not hold what the cluster's store says`];
  },

  async make(inputs) {
    const name = hostSecretName(inputs.cluster, inputs.host);
    const [wanted, found] = await Promise.all([valueOf(inputs), manager().readBinary(inputs.region, name)]);
    if (!found?.equals(wanted)) await manager().writeBinary(inputs.region, name, wanted);
    return { files: inputs.files.length };
  },

  // The value goes with its secret.
  remove: () => Promise.resolve(),
};

/** The SDK is large: only who talks to AWS loads it. */
function manager(): typeof import('../secrets/secrets-manager-store') {
  return require('../secrets/secrets-manager-store') as typeof import('../secrets/secrets-manager-store');
}

async function valueOf(inputs: HostSecretInputs): Promise<Buffer> {
  const store = await clusterStore(inputs);
  const contents = new Map<string, Buffer>();
  for (const { path, material } of inputs.files) contents.set(path, await materialise(material, store));
  return encodeHostSecret(contents);
}
