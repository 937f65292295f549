import type { Client, Reach, ServedPort, Workload } from '../component';
import type { Flow, Peer, PodGroup, ResolvedCluster } from '../slices';
import { type ActiveComponent, findsOthers, ownClients, workloadsOf } from './components';
import { suggest } from './clusters';
import type { Findings } from './findings';

/** Where an API server's calls come from: its own identity, and its node's where the packets go through a tunnel. */
const API_SERVER_CALLS: Peer = { kind: 'entities', entities: ['kube-apiserver', 'host', 'remote-node'] };
const API_SERVER: Peer = { kind: 'entities', entities: ['kube-apiserver'] };
const NODES: Peer = { kind: 'entities', entities: ['host', 'remote-node'] };
const GATEWAY: Peer = { kind: 'entities', entities: ['ingress'] };
const WORLD: Peer = { kind: 'entities', entities: ['world'] };

/** Clients that are not components. */
const PLACES: readonly string[] = ['api-server', 'nodes', 'gateway', 'tenants', 'cluster', 'self'];

type ComponentReach = Extract<Reach, { to: 'component' }>;

/**
 * The permitted traffic of every workload, both ends of each edge, from what the components declare. Where one end
 * is missing or does not agree, a finding names both.
 */
export function resolveFlows(
  active: ReadonlyMap<string, ActiveComponent>,
  known: readonly string[],
  cluster: ResolvedCluster,
  hosts: readonly string[],
  findings: Findings,
): ReadonlyMap<string, readonly Flow[]> {
  const flows = new Map<string, Flow[]>([...active.keys()].map((name) => [name, []]));
  const add = (one: ActiveComponent, workload: Workload, flow: Flow) => {
    // Cilium's policies do not select Pods on their node's network: there is nothing to write for them.
    if (!workload.hostNetwork) flows.get(one.name)?.push(flow);
  };

  for (const one of active.values()) {
    for (const [name, workload] of workloadsOf(one)) {
      for (const [portName, served] of Object.entries(workload.serves ?? {})) {
        serve(one, name, workload, portName, served);
      }
      for (const reach of workload.reaches ?? []) follow(one, name, workload, reach);
      if (findsOthers(one, workload) && one.component.role !== 'dns') {
        for (const protocol of ['UDP', 'TCP'] as const) {
          add(one, workload, {
            direction: 'egress',
            workload: name,
            peer: { kind: 'pods', namespace: cluster.dns.namespace, labels: cluster.dns.labels },
            port: cluster.dns.port,
            protocol,
          });
        }
      }
    }
  }
  return flows;

  function serve(one: ActiveComponent, name: string, workload: Workload, portName: string, served: ServedPort): void {
    const port = { port: served.port, protocol: served.protocol ?? 'TCP' } as const;
    for (const client of served.to) {
      for (const peer of clients(one, name, portName, client)) {
        add(one, workload, { direction: 'ingress', workload: name, peer, ...port });
      }
      const own = ownClients(one, client);
      for (const [other, otherWorkload] of workloadsOf(one)) {
        if (!own.includes(otherWorkload)) continue;
        add(one, otherWorkload, { direction: 'egress', workload: other, peer: peerOf(one, workload), ...port });
      }
    }
  }

  function clients(one: ActiveComponent, name: string, portName: string, client: Client): readonly Peer[] {
    if (client === 'api-server') return [API_SERVER_CALLS];
    if (client === 'nodes') return [NODES];
    if (client === 'gateway') return [GATEWAY];
    if (client === 'tenants') return [{ kind: 'tenants' }];
    if (client === 'cluster') return [{ kind: 'cluster' }];
    if (client === 'self') return [{ kind: 'pods', namespace: one.namespace, labels: {} }];
    const [clientName = '', clientWorkload] = client.split('/');
    const other = active.get(clientName);
    const at = {
      rule: 'component/edge',
      field: `workloads.${name}.serves.${portName}.to`,
      value: client,
      unit: one.name,
    };
    if (clientName === 'self') {
      const own = ownClients(one, client);
      if (own.length === 0) {
        findings.error(one.file, {
          ...at,
          message: `${one.name}/${name}.${portName} serves '${client}', but ${one.name} has no workload '${clientWorkload ?? ''}'`,
          fix: suggest(clientWorkload ?? '', Object.keys(one.declaration.workloads)),
        });
      }
      return own.map((workload) => peerOf(one, workload));
    }
    if (!other) {
      if (!known.includes(clientName)) {
        findings.error(one.file, {
          ...at,
          message: `${one.name}/${name}.${portName} serves '${clientName}', which is no add-on`,
          fix: suggest(clientName, [...PLACES, ...known]),
        });
      }
      return [];
    }
    const comers = workloadsOf(other).filter(
      ([comer, { reaches = [] }]) =>
        (clientWorkload === undefined || comer === clientWorkload) &&
        reaches.some(
          (reach) =>
            reach.to === 'component' &&
            reach.component === one.name &&
            reach.workload === name &&
            reach.port === portName,
        ),
    );
    if (comers.length === 0) {
      findings.error(one.file, {
        ...at,
        message: `${one.name}/${name}.${portName} serves ${client}, but ${client} (${other.file}) never reaches it on cluster '${cluster.name}'`,
        fix: `take '${client}' out of 'to', or let ${client} reach { component: '${one.name}', workload: '${name}', port: '${portName}' }`,
      });
    }
    return comers.map(([, workload]) => peerOf(other, workload));
  }

  function follow(one: ActiveComponent, name: string, workload: Workload, reach: Reach): void {
    const out = (peer: Peer, port: number | undefined, protocol: Flow['protocol'] = 'TCP') =>
      add(one, workload, {
        direction: 'egress',
        workload: name,
        peer,
        ...(port === undefined ? {} : { port }),
        protocol,
      });
    switch (reach.to) {
      case 'api-server':
        return out(API_SERVER, cluster.network.apiServerPort);
      case 'host':
        return out({ kind: 'host', host: reach.host }, reach.port);
      case 'sources':
        for (const host of hosts) {
          const [hostName = '', port = '443'] = host.split(':');
          out({ kind: 'host', host: hostName }, Number(port));
        }
        return;
      case 'world':
        return out(WORLD, reach.port, reach.protocol);
      case 'cidr':
        return out({ kind: 'cidr', cidr: reach.cidr }, reach.port);
      case 'nodes':
        return out(NODES, reach.port, reach.protocol);
      case 'tenants':
        return out({ kind: 'tenants' }, reach.port);
      case 'scraped':
        for (const other of active.values()) scrapeOf(other, one, workload, out);
        return;
      case 'component': {
        const target = answer(one, name, reach);
        if (target) out(peerOf(target.component, target.workload), target.served.port, target.served.protocol);
      }
    }
  }

  /** Both ends of scraping: the scraper's way out is added by `out`, the way in here. */
  function scrapeOf(
    target: ActiveComponent,
    scraper: ActiveComponent,
    scraping: Workload,
    out: (peer: Peer, port: number) => void,
  ): void {
    for (const [name, workload] of workloadsOf(target)) {
      for (const { port } of workload.scrape ?? []) {
        out(peerOf(target, workload), port);
        add(target, workload, {
          direction: 'ingress',
          workload: name,
          peer: peerOf(scraper, scraping),
          port,
          protocol: 'TCP',
        });
      }
    }
  }

  function answer(
    one: ActiveComponent,
    name: string,
    reach: ComponentReach,
  ): { component: ActiveComponent; workload: Workload; served: ServedPort } | undefined {
    const edge = `${one.name}/${name} reaches ${reach.component}/${reach.workload}.${reach.port}`;
    const fault = (message: string, fix: string) => {
      findings.error(one.file, {
        rule: 'component/edge',
        field: `workloads.${name}.reaches`,
        value: `${reach.component}/${reach.workload}.${reach.port}`,
        message: `${edge}, but ${message}`,
        fix,
        unit: one.name,
      });
      return undefined;
    };
    const component = active.get(reach.component);
    if (!component) {
      if (!known.includes(reach.component))
        return fault(`there is no add-on '${reach.component}'`, suggest(reach.component, known));
      if (reach.optional) return undefined;
      return fault(
        `${reach.component} is off on cluster '${cluster.name}'`,
        `switch ${reach.component} on there, or ${one.name} off`,
      );
    }
    const workload = component.declaration.workloads[reach.workload];
    if (!workload) {
      return fault(
        `${reach.component} (${component.file}) has no workload '${reach.workload}'`,
        suggest(reach.workload, Object.keys(component.declaration.workloads)),
      );
    }
    const served = workload.serves?.[reach.port];
    if (!served) {
      return fault(
        `${reach.component}/${reach.workload} (${component.file}) serves no port '${reach.port}'`,
        suggest(reach.port, Object.keys(workload.serves ?? {})),
      );
    }
    const welcome = served.to.some(
      (client) => client === 'cluster' || client === one.name || client === `${one.name}/${name}`,
    );
    if (!welcome && !(reach.component === one.name && served.to.includes('self'))) {
      return fault(
        `${component.file} serves that port only to ${served.to.join(', ') || 'nobody'}`,
        `add '${one.name}' to its 'to'`,
      );
    }
    return { component, workload, served };
  }
}

/** How a policy names a workload's Pods: by labels, or as nodes where they use their node's network. */
function peerOf(component: ActiveComponent, workload: Workload): Peer {
  if (workload.hostNetwork) return NODES;
  const pods: PodGroup = { namespace: component.namespace, labels: workload.labels };
  return { kind: 'pods', ...pods };
}
