import { createHash } from 'node:crypto';
import type { Cluster } from './cluster';
import type { ClusterOutputs, OutputsFile } from './outputs.generated';

export type { ClusterOutputs, OutputsFile } from './outputs.generated';

/** Folder of the files that provisioning leaves beside `platform.ts`. */
export const OUTPUTS_FOLDER = 'clusters';
/** What the name of such a file ends in, after the cluster's. */
export const OUTPUTS_ENDING = '.outputs.json';

/** The file of one cluster, relative to the platform's root. */
export function outputsPath(cluster: string): string {
  return `${OUTPUTS_FOLDER}/${cluster}${OUTPUTS_ENDING}`;
}

/** The commands that make a cluster's outputs what its description says. */
export function outputsCommand(cluster: string): string {
  return `pulumi up --stack ${cluster} && keelson outputs ${cluster}`;
}

/** Name of the role that an add-on or tenant acts as: provisioning makes it under this name, charts know it by it. */
export function roleName(cluster: Pick<Cluster, 'name'>, role: string): string {
  return `${cluster.name}-${role}`;
}

/** ARN of that role: as provisioning told it, else as its name and the account give it. */
export function roleArn(cluster: Cluster, role: string): string {
  const told = cluster.provisioned?.roles?.[role];
  return told ?? `arn:aws:iam::${cluster.accountId ?? '000000000000'}:role/${roleName(cluster, role)}`;
}

/**
 * Digest of what outputs follow from: where the cluster is, its names and its ranges. Versions, sizes of node pools and
 * add-ons leave outputs as they are, so that changing them makes no file stale. Takes the cluster as it is described,
 * before outputs are laid over it.
 */
export function descriptionDigest(cluster: Cluster): string {
  const { name, provider, region, accountId, domain, storage, network, platform } = cluster;
  const { podCidr, serviceCidr, nodeCidr, apiServer } = network;
  const facts = [
    [platform.name, name, provider, region ?? '', accountId ?? '', domain],
    [podCidr, serviceCidr, nodeCidr, apiServer.host, apiServer.port],
    storage ? [storage.backups, storage.logs, storage.traces] : [],
  ];
  return `sha256:${createHash('sha256').update(JSON.stringify(facts)).digest('hex')}`;
}

/** The file that says what provisioning this cluster gave. */
export function outputsFile(cluster: Cluster, outputs: ClusterOutputs): OutputsFile {
  return {
    apiVersion: 'platform.keelson.dev/v1',
    kind: 'ClusterOutputs',
    metadata: { name: cluster.name },
    description: descriptionDigest(cluster),
    outputs,
  };
}

/** The cluster with what provisioning gave in the place of what its description let one expect. */
export function withOutputs<C extends Cluster>(cluster: C, outputs: ClusterOutputs): C {
  const { api, buckets } = outputs;
  return {
    ...cluster,
    network: { ...cluster.network, apiServer: { host: api.host, port: api.port } },
    ...(buckets ? { storage: { backups: buckets.backups, logs: buckets.logs, traces: buckets.traces } } : {}),
    provisioned: outputs,
  };
}
