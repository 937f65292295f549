import type { Cluster } from '../../src/model/cluster';
import type { ControlPlane } from '../../src/model/control-plane';
import type { Site } from '../control-plane/site';
import { addressPlan, hostAddress } from './address-plan';
import { bucketName } from './buckets';
import { secretsKeyArn } from './keys';

/** DNS name of the issuer of service-account tokens. It must never change: roles trust it by its name. */
export function issuerHost(cluster: Cluster): string {
  return `oidc.${cluster.domain}`;
}

/**
 * The places that AWS gives a control plane. All of it is known before anything exists, so that hosts' files, and the
 * names in their certificates, can be made, read and compared without the cloud.
 */
export function awsSite(cluster: Cluster, controlPlane: ControlPlane): Site {
  const { region = '', accountId = '' } = cluster;
  const place = { cluster, region, accountId };
  const plan = addressPlan(cluster);
  return {
    hosts: [...Array(controlPlane.hosts).keys()].map((index) => ({
      name: `control-plane-${index + 1}`,
      address: hostAddress(plan, index),
      root: '',
    })),
    endpoint: cluster.network.apiServer,
    encryption: { kind: 'kms', keyArn: secretsKeyArn(place), region },
    offCluster: { kind: 's3', bucket: bucketName(place, 'records'), region },
    serviceAccountIssuer: `https://${issuerHost(cluster)}`,
    sharedMachine: false,
  };
}
