import path from 'node:path';
import type { Cluster } from '../../src/model/cluster';
import type { ControlPlane } from '../../src/model/control-plane';
import type { BootstrapPlan } from '../bootstrap';
import { describeHosts } from '../control-plane';
import type { Host } from '../control-plane/host';
import { pkiPlan } from '../control-plane/pki';
import type { Site } from '../control-plane/site';
import { KeelsonResource } from '../provider/resource';
import type { BootstrapInputs } from './bootstrap-kind';
import type { HostInputs } from './host-kind';
import { kwokHost, simulatedNodes } from './kwok';
import type { NodesInputs } from './nodes-kind';
import type { Operated } from './operator';
import { localPlace } from './place';
import type { SecretsInputs } from './secrets-kind';
import { localSite } from './site';

/** Everything that a local cluster consists of, as plain data: the Pulumi program and the commands start from it. */
export interface LocalCluster {
  readonly cluster: Cluster;
  readonly site: Site;
  readonly operated: Operated;
  /** Hosts of the control plane, then the load balancer, then the simulated nodes'. */
  readonly hosts: readonly Host[];
}

/** Describes a local cluster of a platform whose folder is `root`. */
export function describeLocal(root: string, cluster: Cluster, controlPlane: ControlPlane): LocalCluster {
  const place = localPlace(root, cluster.name);
  const site = localSite(cluster, controlPlane, place);
  return {
    cluster,
    site,
    operated: {
      cluster: cluster.name,
      directory: place.directory,
      endpoint: site.endpoint,
      members: site.hosts.map(({ name, address }) => ({ name, address })),
    },
    hosts: [...describeHosts(cluster, site), kwokHost(cluster, site, place)],
  };
}

/** Declares a local cluster to Pulumi. Gives what is known of it when it runs. */
export function declareLocal(local: LocalCluster, plan: BootstrapPlan): Readonly<Record<string, unknown>> {
  const { cluster, site, operated, hosts } = local;
  const secrets = new KeelsonResource<SecretsInputs>('keelson:local:Secrets', 'secrets', {
    directory: operated.directory,
    plan: pkiPlan(cluster, site),
  });
  const declare = (host: Host, dependsOn: readonly KeelsonResource<object>[]) =>
    new KeelsonResource<HostInputs>(
      'keelson:local:Host',
      host.name,
      { operated, kubernetesVersion: cluster.kubernetesVersion, host },
      { dependsOn: [...dependsOn] },
    );
  // One after the other: a member of etcd joins a cluster that is well, and a change restarts one host at a time.
  let last: KeelsonResource<object> = secrets;
  for (const host of hosts.filter(({ role }) => role !== 'worker')) last = declare(host, [last]);
  const bootstrap = new KeelsonResource<BootstrapInputs>(
    'keelson:local:Bootstrap',
    'bootstrap',
    { operated, plan },
    { dependsOn: last },
  );
  const players = hosts.filter(({ role }) => role === 'worker').map((host) => declare(host, [bootstrap]));
  const nodes = new KeelsonResource<NodesInputs>(
    'keelson:local:Nodes',
    'nodes',
    { operated, nodes: simulatedNodes(cluster) as NodesInputs['nodes'] },
    { dependsOn: players },
  );
  return {
    kubeconfig: path.join(operated.directory, 'kubeconfig'),
    endpoint: `https://${site.endpoint.host}:${site.endpoint.port}`,
    hosts: hosts.map(({ name, address }) => ({ name, address })),
    bootstrap: bootstrap.facts,
    nodes: nodes.facts,
  };
}
