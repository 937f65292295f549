import { filled, type EngineSource } from './source';

/** Versions of Kubernetes that are known to work, the pinned one first: an upgrade goes from the last to the first. */
export const KUBERNETES_VERSIONS = ['1.36.3', '1.35.4'] as const;

const GITHUB = 'https://github.com';

function etcd(name: string, module: string): EngineSource {
  const release = `${GITHUB}/etcd-io/etcd/releases/download/v{version}`;
  return {
    version: '3.6.14',
    versionArguments: [name === 'etcd' ? '--version' : 'version'],
    install: `etcd {version} (${GITHUB}/etcd-io/etcd/releases)`,
    release: {
      url: `${release}/etcd-v{version}-{os}-{arch}.tar.gz`,
      digestUrl: `${release}/SHA256SUMS`,
      archived: `etcd-v{version}-{os}-{arch}/${name}`,
      systems: ['linux'],
    },
    go: { module: `go.etcd.io/etcd/${module}/v3`, package: `go.etcd.io/etcd/${module}/v3` },
  };
}

function kubernetes(name: string, versionArguments: readonly string[], systems: readonly string[]): EngineSource {
  const url = `https://dl.k8s.io/v{version}/bin/{os}/{arch}/${name}`;
  return {
    version: KUBERNETES_VERSIONS[0],
    ofKubernetes: true,
    versionArguments,
    install: `${name} {version} (https://kubernetes.io/releases/download/)`,
    release: { url, digestUrl: `${url}.sha256`, systems },
    go: {
      module: 'k8s.io/kubernetes',
      package: `k8s.io/kubernetes/cmd/${name}`,
      localReplacements: 'v0.{minor}.{patch}',
      variables: {
        'k8s.io/component-base/version.gitVersion': 'v{version}',
        'k8s.io/component-base/version.gitMajor': '{major}',
        'k8s.io/component-base/version.gitMinor': '{minor}',
      },
    },
  };
}

function containerd(name: string, versionArguments: readonly string[]): EngineSource {
  // The static archive: the other one wants the C library of a newer distribution than some that people run.
  const url = `${GITHUB}/containerd/containerd/releases/download/v{version}/containerd-static-{version}-{os}-{arch}.tar.gz`;
  return {
    version: '2.3.4',
    versionArguments,
    install: `containerd {version} (${GITHUB}/containerd/containerd/releases)`,
    release: { url, digestUrl: `${url}.sha256sum`, archived: `bin/${name}`, systems: ['linux'] },
    go: {
      module: 'github.com/containerd/containerd/v2',
      package: `github.com/containerd/containerd/v2/cmd/${name}`,
      variables: { 'github.com/containerd/containerd/v2/version.Version': 'v{version}' },
    },
  };
}

/** The engines that Keelson runs, by the name of their program. Every version is pinned here and nowhere else. */
export const ENGINES = {
  etcd: etcd('etcd', 'server'),
  etcdctl: etcd('etcdctl', 'etcdctl'),
  etcdutl: etcd('etcdutl', 'etcdutl'),
  'kube-apiserver': kubernetes('kube-apiserver', ['--version'], ['linux']),
  'kube-controller-manager': kubernetes('kube-controller-manager', ['--version'], ['linux']),
  'kube-scheduler': kubernetes('kube-scheduler', ['--version'], ['linux']),
  kubelet: kubernetes('kubelet', ['--version'], ['linux']),
  kubectl: kubernetes('kubectl', ['version', '--client'], ['linux', 'darwin']),
  containerd: containerd('containerd', ['--version']),
  'containerd-shim-runc-v2': containerd('containerd-shim-runc-v2', ['-v']),
  ctr: containerd('ctr', ['--version']),
  runc: {
    version: '1.5.1',
    versionArguments: ['--version'],
    install: `runc {version} (${GITHUB}/opencontainers/runc/releases)`,
    release: {
      url: `${GITHUB}/opencontainers/runc/releases/download/v{version}/runc.{arch}`,
      digestUrl: `${GITHUB}/opencontainers/runc/releases/download/v{version}/runc.sha256sum`,
      systems: ['linux'],
    },
    go: {
      module: 'github.com/opencontainers/runc',
      package: 'github.com/opencontainers/runc',
      tags: ['seccomp', 'netgo', 'osusergo'],
      library: { name: 'libseccomp', packages: ['libseccomp-dev', 'libseccomp2'] },
    },
  },
  helm: {
    version: '3.21.4',
    versionArguments: ['version', '--short'],
    install: 'helm {version} (https://helm.sh/docs/intro/install/)',
    release: {
      url: 'https://get.helm.sh/helm-v{version}-{os}-{arch}.tar.gz',
      digestUrl: 'https://get.helm.sh/helm-v{version}-{os}-{arch}.tar.gz.sha256sum',
      archived: '{os}-{arch}/helm',
    },
    go: {
      module: 'helm.sh/helm/v3',
      package: 'helm.sh/helm/v3/cmd/helm',
      variables: { 'helm.sh/helm/v3/internal/version.version': 'v{version}' },
    },
  },
  argocd: {
    // The newest whose module builds without its own repository; all roles are in the one program.
    version: '3.2.3',
    versionArguments: ['version', '--client', '--short'],
    install: 'argocd {version} (https://argo-cd.readthedocs.io/en/stable/cli_installation/)',
    release: {
      url: `${GITHUB}/argoproj/argo-cd/releases/download/v{version}/argocd-{os}-{arch}`,
      digestUrl: `${GITHUB}/argoproj/argo-cd/releases/download/v{version}/cli_checksums.txt`,
    },
    go: {
      module: 'github.com/argoproj/argo-cd/v3',
      package: 'github.com/argoproj/argo-cd/v3/cmd',
      variables: { 'github.com/argoproj/argo-cd/v3/common.version': '{version}' },
    },
  },
  kwok: {
    version: '0.8.0',
    versionArguments: ['--version'],
    install: 'kwok {version} (https://kwok.sigs.k8s.io/docs/user/installation/)',
    release: {
      url: `${GITHUB}/kubernetes-sigs/kwok/releases/download/v{version}/kwok-{os}-{arch}`,
      // The project publishes no digests of its own; GitHub gives the one that it took when the file was uploaded.
      digestUrl: 'https://api.github.com/repos/kubernetes-sigs/kwok/releases/tags/v{version}',
    },
    go: {
      module: 'sigs.k8s.io/kwok',
      package: 'sigs.k8s.io/kwok/cmd/kwok',
      variables: { 'sigs.k8s.io/kwok/pkg/consts.Version': 'v{version}' },
    },
  },
  pulumi: {
    version: '3.259.0',
    versionArguments: ['version'],
    install: 'pulumi {version} (https://www.pulumi.com/docs/iac/download-install/)',
    release: {
      url: `${GITHUB}/pulumi/pulumi/releases/download/v{version}/pulumi-v{version}-{os}-{x64}.tar.gz`,
      digestUrl: `${GITHUB}/pulumi/pulumi/releases/download/v{version}/pulumi-{version}-checksums.txt`,
      archived: 'pulumi/pulumi',
      // It looks for its language hosts in its own folder.
      wholeFolder: true,
    },
    go: {
      module: 'github.com/pulumi/pulumi/pkg/v3',
      package: 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi',
      tags: ['osusergo', 'grpcnotrace'],
      variables: { 'github.com/pulumi/pulumi/sdk/v3/go/common/version.Version': 'v{version}' },
    },
  },
  'kube-bench': {
    version: '0.15.6',
    versionArguments: ['version'],
    install: `kube-bench {version} with its folder cfg beside it (${GITHUB}/aquasecurity/kube-bench/releases)`,
    companions: ['cfg'],
    release: {
      url: `${GITHUB}/aquasecurity/kube-bench/releases/download/v{version}/kube-bench_{version}_{os}_{arch}.tar.gz`,
      digestUrl: `${GITHUB}/aquasecurity/kube-bench/releases/download/v{version}/kube-bench_{version}_checksums.txt`,
      archived: 'kube-bench',
      wholeFolder: true,
      systems: ['linux'],
    },
    go: {
      module: 'github.com/aquasecurity/kube-bench',
      package: 'github.com/aquasecurity/kube-bench',
      variables: { 'github.com/aquasecurity/kube-bench/cmd.KubeBenchVersion': '{version}' },
      folders: ['cfg'],
    },
  },
  promtool: {
    version: '3.15.1',
    versionArguments: ['--version'],
    install: 'promtool of Prometheus {version} (https://prometheus.io/download/)',
    release: {
      url: `${GITHUB}/prometheus/prometheus/releases/download/v{version}/prometheus-{version}.{os}-{arch}.tar.gz`,
      digestUrl: `${GITHUB}/prometheus/prometheus/releases/download/v{version}/sha256sums.txt`,
      archived: 'prometheus-{version}.{os}-{arch}/promtool',
    },
    go: {
      module: 'github.com/prometheus/prometheus',
      // Version 3.15.1 of the program is version 0.315.1 of the module.
      version: 'v0.3{minor}.{patch}',
      package: 'github.com/prometheus/prometheus/cmd/promtool',
      variables: { 'github.com/prometheus/common/version.Version': '{version}' },
    },
  },
  prometheus: {
    version: '3.15.1',
    versionArguments: ['--version'],
    install: 'Prometheus {version} (https://prometheus.io/download/)',
    release: {
      url: `${GITHUB}/prometheus/prometheus/releases/download/v{version}/prometheus-{version}.{os}-{arch}.tar.gz`,
      digestUrl: `${GITHUB}/prometheus/prometheus/releases/download/v{version}/sha256sums.txt`,
      archived: 'prometheus-{version}.{os}-{arch}/prometheus',
    },
    go: {
      module: 'github.com/prometheus/prometheus',
      version: 'v0.3{minor}.{patch}',
      package: 'github.com/prometheus/prometheus/cmd/prometheus',
      // Targets come from files: the SDKs of all clouds stay out.
      tags: ['remove_all_sd'],
      variables: { 'github.com/prometheus/common/version.Version': '{version}' },
    },
  },
  'kube-rbac-proxy': {
    version: '0.19.1',
    versionArguments: ['--version'],
    install: 'kube-rbac-proxy {version} (https://github.com/brancz/kube-rbac-proxy)',
    go: {
      module: 'github.com/brancz/kube-rbac-proxy',
      package: 'github.com/brancz/kube-rbac-proxy/cmd/kube-rbac-proxy',
      variables: { 'k8s.io/component-base/version.gitVersion': 'v{version}' },
    },
  },
  'prom-label-proxy': {
    version: '0.12.1',
    // It tells its options and no version.
    versionArguments: ['--help'],
    install: `prom-label-proxy {version} (${GITHUB}/prometheus-community/prom-label-proxy/releases)`,
    release: {
      url: `${GITHUB}/prometheus-community/prom-label-proxy/releases/download/v{version}/prom-label-proxy-{version}.{os}-{arch}.tar.gz`,
      digestUrl: `${GITHUB}/prometheus-community/prom-label-proxy/releases/download/v{version}/sha256sums.txt`,
      archived: 'prom-label-proxy-{version}.{os}-{arch}/prom-label-proxy',
    },
    go: {
      module: 'github.com/prometheus-community/prom-label-proxy',
      package: 'github.com/prometheus-community/prom-label-proxy',
    },
  },
  // The core, for rendering a composition as its controller would.
  crossplane: {
    version: '2.3.4',
    versionArguments: ['--version'],
    install: `crossplane {version}, the core and not its command line (${GITHUB}/crossplane/crossplane/releases)`,
    go: {
      module: 'github.com/crossplane/crossplane/v2',
      package: 'github.com/crossplane/crossplane/v2/cmd/crossplane',
      localReplacements: 'v{version}',
      variables: { 'github.com/crossplane/crossplane-runtime/v2/pkg/version.version': 'v{version}' },
    },
  },
  haproxy: {
    version: '2.4',
    orLater: true,
    versionArguments: ['-v'],
    install: 'the Debian package haproxy (or HAProxy {version} or later from https://www.haproxy.org/)',
    debian: { packages: ['haproxy'], program: 'usr/sbin/haproxy' },
  },
  'redis-server': {
    version: '6.0',
    orLater: true,
    versionArguments: ['--version'],
    install: 'the Debian package redis-server (or Redis {version} or later from https://redis.io/downloads/)',
    // The program of redis-server is a link to one of redis-tools.
    debian: { packages: ['redis-server', 'redis-tools'], program: 'usr/bin/redis-server' },
  },
} as const satisfies Record<string, EngineSource>;

/** Name of an engine, which is also the name of its program. */
export type EngineName = keyof typeof ENGINES;

/** Tells whether a program is one that Keelson gets. */
export function isEngine(name: string): name is EngineName {
  return Object.hasOwn(ENGINES, name);
}

/**
 * Where an engine comes from. @param version - @default the pinned one. Throws where it is no version.
 * Any version of Kubernetes may be asked for: its patches appear faster than this table. Where none of the routes has
 * it, the message names those that are known to work.
 */
export function engineSource(name: EngineName, version?: string): EngineSource {
  const source: EngineSource = filled(ENGINES[name], version);
  const known: readonly string[] = KUBERNETES_VERSIONS;
  if (!source.ofKubernetes || known.includes(source.version)) return source;
  return { ...source, install: `${source.install}, or ask for one that is known to work: ${known.join(', ')}` };
}
