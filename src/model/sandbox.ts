import type { NodePool } from './cluster';

/** Label of the node pools whose machines have gVisor's `runsc` beside `runc`. */
export const SANDBOX_LABEL = { key: 'keelson.dev/sandbox', value: 'gvisor' } as const;

/** Name of the RuntimeClass that Pods ask for, and of the handler that containerd knows it by. */
export const SANDBOX = { runtimeClass: 'gvisor', handler: 'runsc' } as const;

/** Whether Pods of a sandboxed tier run on a pool's machines. */
export function hasSandbox({ labels }: Pick<NodePool, 'labels'>): boolean {
  return labels[SANDBOX_LABEL.key] === SANDBOX_LABEL.value;
}
