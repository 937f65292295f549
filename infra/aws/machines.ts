import type * as pulumi from '@pulumi/pulumi';

/** IMDSv2 alone, and one hop: no Pod with a network of its own reaches the machine's role. */
export const METADATA = {
  httpEndpoint: 'enabled',
  httpTokens: 'required',
  httpPutResponseHopLimit: 1,
  instanceMetadataTags: 'disabled',
} as const;

/** Where AWS says which image of Amazon Linux 2023 is the newest, for machines of amd64. */
export const IMAGE_PARAMETER = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';

/** The image that machines start from. */
export interface MachineImage {
  readonly id: pulumi.Input<string>;
  /** True where somebody chose it: then hosts of the control plane that run another are replaced. */
  readonly pinned: boolean;
}

/**
 * GiB of disk. A host: engines, images of the few Pods there, logs. etcd: its quota of 8, a copy of it while it is
 * defragmented, and its write-ahead log. A machine of a pool: images and scratch space of Pods.
 */
export const DISKS = { host: 50, etcd: 30, machine: 100 } as const;
