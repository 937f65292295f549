import * as pulumi from '@pulumi/pulumi';
import { platform } from '../platform';
import type { Cluster } from '../src/model/cluster';
import { describeClusters } from '../src/model/resolve/clusters';

/**
 * The Pulumi program. Its outputs describe every cluster of the platform, defaults filled in: the same facts that
 * rendering has, for the machines that are declared from them.
 */
export const clusters: pulumi.Output<Readonly<Record<string, Cluster>>> = pulumi.output(
  Object.fromEntries(describeClusters(platform.props)),
);
