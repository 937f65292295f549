import { X509Certificate } from 'node:crypto';
import type { PkiPlan } from '../control-plane/pki';
import type { Kind } from '../provider/kind';
import { pkiDrift } from '../secrets/inspect';
import { ensurePki } from '../secrets/issue';
import { issuerDocuments } from '../secrets/issuer';
import { materialise, serviceAccountPublicKeys } from '../secrets/materialise';
import { type ClusterPlace, clusterStore } from './cluster-store';

/** Which keys and certificates the store of a cluster in AWS shall hold: names and purposes, never themselves. */
export interface AwsSecretsInputs extends ClusterPlace {
  readonly plan: PkiPlan;
  /** URL that signs for service-account tokens. */
  readonly issuer: string;
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The secret store of a cluster in AWS. It has never met AWS: its tests have a server on loopback in its place. */
export const awsSecrets: Kind<AwsSecretsInputs> = {
  drift: async (inputs) => pkiDrift(inputs.plan, await clusterStore(inputs), new Date()),

  async make(inputs) {
    const store = await clusterStore(inputs);
    await ensurePki(inputs.plan, store, new Date());
    const trust = (await materialise({ kind: 'trust', authorities: ['kubernetes'] }, store)).toString('utf8');
    return {
      documents: issuerDocuments(inputs.issuer, await serviceAccountPublicKeys(store)),
      // Whom API servers' clients trust: public, and in a form in which nobody takes it for more.
      trust: (trust.match(PEM) ?? []).map((pem) => new X509Certificate(pem).raw.toString('base64')),
    };
  },

  // Keys open backups and snapshots that outlive the cluster: nobody loses them by a `destroy`. docs/AWS.md says how
  // they are removed.
  remove: () => Promise.resolve(),
};
