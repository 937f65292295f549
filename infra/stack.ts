import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import type { Cluster } from '../src/model/cluster';
import { describeControlPlane, type ControlPlane } from '../src/model/control-plane';
import type { PlatformProps } from '../src/model/platform.generated';
import { describeClusters } from '../src/model/resolve/clusters';

/** A cluster and its control plane, as a stack of its name provisions them. */
export interface StackCluster {
  readonly cluster: Cluster;
  readonly controlPlane: ControlPlane;
}

/** What a local stack's configuration may say in place of `platform.ts`, to try it out. */
export interface StackConfig {
  /** `keelson:hosts` */
  readonly hosts?: string;
  /** `keelson:kubernetesVersion` */
  readonly kubernetesVersion?: string;
}

/** A stack that cannot be provisioned as it is called or configured. */
export class StackError extends Error {
  /** Pulumi then shows the message without where in the program it was thrown. Source: `RunError` of its SDK. */
  readonly __pulumiRunError = true;
}

/**
 * The cluster that a stack is named after. A local one may be given another number of hosts or another version of
 * Kubernetes by the stack's configuration; all others are as `platform.ts` says. Throws where no cluster has that name.
 */
export function stackCluster(props: PlatformProps, stack: string, config: StackConfig): StackCluster {
  const cluster = describeClusters(props).get(stack);
  const described = props.clusters[stack];
  if (!cluster || !described) {
    const known = Object.keys(props.clusters).sort().join(', ');
    throw new StackError(`platform.ts has no cluster '${stack}': a stack is named after its cluster: ${known}`);
  }
  const controlPlane = describeControlPlane(described);
  if (cluster.provider !== 'local') return { cluster, controlPlane };
  const hosts = config.hosts === undefined ? controlPlane.hosts : Number(config.hosts);
  if (hosts !== 1 && hosts !== 3 && hosts !== 5) {
    throw new StackError(
      `Pulumi.${stack}.yaml: keelson:hosts is '${config.hosts}': etcd wants an odd number of members: write 1, 3 or 5`,
    );
  }
  const { kubernetesVersion = cluster.kubernetesVersion } = config;
  if (!/^1\.\d+\.\d+$/.test(kubernetesVersion)) {
    throw new StackError(
      `Pulumi.${stack}.yaml: keelson:kubernetesVersion is '${kubernetesVersion}': write it in full, such as 1.36.3`,
    );
  }
  return { cluster: { ...cluster, kubernetesVersion }, controlPlane: { ...controlPlane, hosts } };
}

/** What Pulumi's configuration file of a stack says, for commands that run without Pulumi. */
export function readStackConfig(root: string, stack: string): StackConfig {
  const name = `Pulumi.${stack}.yaml`;
  const file = path.join(root, name);
  if (!existsSync(file)) return {};
  const { config } = parsed(name, readFileSync(file, 'utf8'));
  const text = (key: string): string | undefined => {
    const value = config?.[`keelson:${key}`];
    return value === undefined ? undefined : String(value);
  };
  const [hosts, kubernetesVersion] = [text('hosts'), text('kubernetesVersion')];
  return {
    ...(hosts === undefined ? {} : { hosts }),
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
  };
}

function parsed(name: string, text: string): { readonly config?: Readonly<Record<string, unknown>> } {
  try {
    return (load(text) ?? {}) as ReturnType<typeof parsed>;
  } catch (error) {
    throw new StackError(
      `${name}: ${(error as Error).message}: bring it back, or remove it: 'keelson up' writes it anew`,
    );
  }
}
