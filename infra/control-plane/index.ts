import type { Cluster } from '../../src/model/cluster';
import { TEXTFILE_DIRECTORY } from '../../src/model/control-plane-metrics';
import type { Component, Subject } from './component';
import { certificateExpiry } from './certificate-expiry';
import { etcd } from './etcd';
import { etcdDefragment } from './etcd-defragment';
import { etcdRestoreCheck } from './etcd-restore-check';
import { etcdSnapshot } from './etcd-snapshot';
import { loadBalancer } from './haproxy';
import type { Host } from './host';
import { joining } from './joining';
import { kubeApiServer } from './kube-apiserver';
import { kubeControllerManager } from './kube-controller-manager';
import { kubeScheduler } from './kube-scheduler';
import { administration } from './administration';
import { controlPlaneKubelet } from './kubelet';
import { directory, KUBERNETES, PKI, SCRIPTS, STATE } from './paths';
import { shipAuditLog } from './ship-audit-log';
import type { Site, SiteHost } from './site';

export { documentFlags, flagsAsMarkdown, flagsOf, type FlagRow } from './flags';
export { QUOTA_BYTES } from './etcd';
export { bootstrapTokenParameter } from './bootstrap-token';
export { flowControlObjects } from './flow-control';
export { joiningAccess, joinsByToken } from './joining';
export { describeWorker } from './kubelet';
export { systemdFiles, systemdUnits } from './systemd';

const COMPONENTS: readonly ((subject: Subject) => Component)[] = [
  etcd,
  kubeApiServer,
  kubeControllerManager,
  kubeScheduler,
  etcdSnapshot,
  etcdRestoreCheck,
  etcdDefragment,
  shipAuditLog,
  administration,
  joining,
];

/**
 * Every file, directory, flag and unit of every host that a cluster's control plane runs on: the hosts in their order,
 * then the load balancer where the site has one. Pure: the same cluster and site give the same hosts.
 */
export function describeHosts(cluster: Cluster, site: Site): readonly Host[] {
  return [
    ...site.hosts.map((host) => controlPlaneHost({ cluster, site, host })),
    ...(site.loadBalancer ? [loadBalancer(cluster, site, site.loadBalancer)] : []),
  ];
}

function controlPlaneHost(subject: Subject): Host {
  const { host, site } = subject;
  const components = [
    base(host),
    ...COMPONENTS.map((component) => component(subject)),
    // Hosts that share a machine have no Pods, which simulated nodes stand for.
    ...(site.sharedMachine ? [] : [controlPlaneKubelet(subject)]),
  ];
  const parts = [
    ...components,
    certificateExpiry(
      host,
      components.flatMap(({ files }) => files),
    ),
  ];
  return {
    name: host.name,
    role: 'control-plane',
    address: host.address,
    directories: parts.flatMap(({ directories }) => directories),
    files: parts.flatMap(({ files }) => files),
    units: parts.flatMap(({ units }) => units),
  };
}

/** What several components share. */
function base(host: SiteHost): Component {
  return {
    directories: [
      directory(host, KUBERNETES, '0755'),
      directory(host, PKI, '0755'),
      directory(host, `${PKI}/etcd`, '0755'),
      directory(host, SCRIPTS),
      directory(host, STATE, '0755'),
      directory(host, TEXTFILE_DIRECTORY, '0755'),
    ],
    files: [],
    units: [],
  };
}
