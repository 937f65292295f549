import { X509Certificate } from 'node:crypto';
import type { ClusterProps } from '../src/model/platform.generated';
import { clusterStore } from './aws/cluster-store';
import { clusterCertificate } from './control-plane/pki';
import { localPlace } from './local/place';
import { breakGlass } from './secrets/break-glass';
import { FolderStore } from './secrets/folder-store';
import { materialise } from './secrets/materialise';
import type { SecretStore } from './secrets/store';

/** How long a certificate that lets administrators in is good for, in minutes: it is used for one step. */
const BOOTSTRAP_MINUTES = 5;

/**
 * The answer to client-go's question for credentials (client.authentication.k8s.io/v1): the administrators'
 * certificate from the cluster's store, or one that is made for the bootstrap. Rejects on EKS, where AWS gives tokens.
 */
export async function execCredential(
  root: string,
  name: string,
  cluster: ClusterProps,
  bootstrap: boolean,
): Promise<object> {
  const store = await storeOf(root, name, cluster);
  const { certificate, key } = bootstrap ? await forBootstrap(store) : await administrator(store);
  return {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: {
      clientCertificateData: certificate,
      clientKeyData: key,
      expirationTimestamp: new Date(new X509Certificate(certificate).validTo).toISOString(),
    },
  };
}

async function storeOf(root: string, name: string, { provider, region = '' }: ClusterProps): Promise<SecretStore> {
  if (provider === 'local') return FolderStore.open(localPlace(root, name).secrets);
  if (provider === 'aws') return clusterStore({ cluster: name, region });
  throw new Error(`${name} is on EKS, which knows no certificates: use aws eks get-token`);
}

function forBootstrap(store: SecretStore): Promise<{ certificate: string; key: string }> {
  const request = { who: 'bootstrap', reason: 'binds the group of administrators', minutes: BOOTSTRAP_MINUTES };
  return breakGlass(store, request, new Date());
}

async function administrator(store: SecretStore): Promise<{ certificate: string; key: string }> {
  const text = async (kind: 'certificate' | 'key'): Promise<string> =>
    (await materialise({ kind, certificate: clusterCertificate('admin') }, store)).toString('utf8');
  return { certificate: await text('certificate'), key: await text('key') };
}
