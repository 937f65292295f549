import { SANDBOX } from '../../src/model/sandbox';
import type { Cluster } from '../../src/model/cluster';
import type { Component } from './component';
import { flag } from './flags';
import { at, directory, publicFile } from './paths';
import type { SiteHost } from './site';

const CONFIGURATION = '/etc/containerd/config.toml';
const REGISTRIES = '/etc/containerd/certs.d';
const RUNSC_CONFIGURATION = '/etc/containerd/runsc.toml';
/** The socket that kubelet speaks to. */
export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';
/** Kubernetes' own; part of every Pod, so that it must not be collected. */
const PAUSE = 'registry.k8s.io/pause:3.10.1';

/** containerd with runc and, where the machines have it, gVisor. */
export function containerd(cluster: Cluster, host: SiteHost, sandbox: boolean): Component {
  const registries = registryHosts(cluster.platform.registries);
  return {
    directories: [
      directory(host, '/etc/containerd', '0755'),
      directory(host, REGISTRIES, '0755'),
      ...registries.map((name) => directory(host, `${REGISTRIES}/${name}`, '0755')),
      directory(host, '/var/lib/containerd'),
    ],
    files: [
      publicFile(host, CONFIGURATION, configuration(host, sandbox)),
      ...registries.map((name) => publicFile(host, `${REGISTRIES}/${name}/hosts.toml`, hosts(name))),
      ...(sandbox ? [publicFile(host, RUNSC_CONFIGURATION, RUNSC)] : []),
    ],
    units: [
      {
        name: 'containerd',
        description: 'containerd: runs containers',
        program: 'containerd',
        flags: [flag('--config', at(host, CONFIGURATION), 'runtimes, registries and cgroups')],
        user: 'root',
        after: [],
        // Registries' files are read for each pull.
        restartOn: [at(host, CONFIGURATION)],
        writes: [],
      },
    ],
  };
}

/** Hosts, with their ports, that images come from: a registry of the platform may be a path in one. */
function registryHosts(registries: readonly string[]): readonly string[] {
  return [...new Set(registries.map((registry) => registry.split('/')[0]!))].sort();
}

/** Over https alone, and never pushed to. Source: containerd, "Registry Host Namespace". */
function hosts(name: string): string {
  return [
    `server = "https://${name}"`,
    '',
    `[host."https://${name}"]`,
    '  capabilities = ["pull", "resolve"]',
    '',
  ].join('\n');
}

/** Source: containerd 2, "CRI Plugin Config Guide". */
function configuration(host: SiteHost, sandbox: boolean): string {
  return [
    'version = 3',
    `root = "${at(host, '/var/lib/containerd')}"`,
    `state = "${at(host, '/run/containerd')}"`,
    '',
    '[grpc]',
    `  address = "${at(host, CONTAINERD_SOCKET)}"`,
    '',
    "[plugins.'io.containerd.cri.v1.images']",
    '  snapshotter = "overlayfs"',
    '',
    "[plugins.'io.containerd.cri.v1.images'.pinned_images]",
    `  sandbox = "${PAUSE}"`,
    '',
    "[plugins.'io.containerd.cri.v1.images'.registry]",
    `  config_path = "${at(host, REGISTRIES)}"`,
    '',
    "[plugins.'io.containerd.cri.v1.runtime'.containerd]",
    '  default_runtime_name = "runc"',
    '',
    "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]",
    '  runtime_type = "io.containerd.runc.v2"',
    '',
    "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]",
    // As kubelet has it: two managers of one tree of cgroups undo each other's work.
    '  SystemdCgroup = true',
    '',
    ...(sandbox
      ? [
          `[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.${SANDBOX.handler}]`,
          '  runtime_type = "io.containerd.runsc.v1"',
          '',
          `[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.${SANDBOX.handler}.options]`,
          '  TypeUrl = "io.containerd.runsc.v1.options"',
          `  ConfigPath = "${at(host, RUNSC_CONFIGURATION)}"`,
          '',
        ]
      : []),
    "[plugins.'io.containerd.cri.v1.runtime'.cni]",
    '  bin_dirs = ["/opt/cni/bin"]',
    '  conf_dir = "/etc/cni/net.d"',
    '',
    // Whoever speaks to its socket changes containers as they start.
    "[plugins.'io.containerd.nri.v1.nri']",
    '  disable = true',
    '',
  ].join('\n');
}

/** systrap needs no virtualization of the machine. Source: gVisor, "Containerd Advanced Configuration". */
const RUNSC = [
  '[runsc_config]',
  '  platform = "systrap"',
  '  systemd-cgroup = "true"',
  '  network = "sandbox"',
  '',
].join('\n');
