/** Where one engine comes from. Every version is pinned here and nowhere else. */
export interface EngineSource {
  /** Version without a leading `v`; for an engine that only PATH can give, the lowest major version. */
  readonly version: string;
  /** Arguments that make the program print its version. */
  readonly versionArguments: readonly string[];
  /** What a person installs where no route works. */
  readonly install: string;
  /** The project's own release. @default - the project publishes none that runs alone */
  readonly release?: ReleaseSource;
  /** The Go module that the same program is built from. @default - not a Go program */
  readonly go?: GoSource;
}

/**
 * An official release: one file over https and the digest that its project publishes beside it.
 * `{os}` is `linux` or `darwin`, `{arch}` is `amd64` or `arm64`.
 */
export interface ReleaseSource {
  readonly url: string;
  /** A lone SHA-256 digest, or a list of `digest  file` lines. */
  readonly digestUrl: string;
  /** Path inside the archive. @default - the download is the program itself */
  readonly archived?: string;
  /** Systems that the release covers. @default - linux and darwin */
  readonly systems?: readonly string[];
}

/** How `go build` makes the program from published modules alone. */
export interface GoSource {
  readonly module: string;
  /** Version of the module, with its leading `v`. */
  readonly version: string;
  /** Main package; its program is the engine. */
  readonly package: string;
  /** Version that stands in for replacements by folders of the project's own repository. @default - they are dropped */
  readonly localReplacements?: string;
  /** Values set by the linker, by full variable name. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Build tags. @default - none */
  readonly tags?: readonly string[];
}

const KUBERNETES = '1.36.3';
const ETCD = '3.6.14';
const HELM = '3.21.4';
const KWOK = '0.8.0';
const PULUMI = '3.259.0';
const KUBE_BENCH = '0.15.6';
const PROMETHEUS = '3.15.1';
/** The newest Argo CD whose module builds without its own repository; all roles are in the one program. */
const ARGO_CD = '3.2.3';

function etcd(name: string, module: string): EngineSource {
  return {
    version: ETCD,
    versionArguments: [name === 'etcd' ? '--version' : 'version'],
    install: `etcd ${ETCD} (https://github.com/etcd-io/etcd/releases)`,
    release: {
      url: `https://github.com/etcd-io/etcd/releases/download/v${ETCD}/etcd-v${ETCD}-{os}-{arch}.tar.gz`,
      digestUrl: `https://github.com/etcd-io/etcd/releases/download/v${ETCD}/SHA256SUMS`,
      archived: `etcd-v${ETCD}-{os}-{arch}/${name}`,
      systems: ['linux'],
    },
    go: { module: `go.etcd.io/etcd/${module}/v3`, version: `v${ETCD}`, package: `go.etcd.io/etcd/${module}/v3` },
  };
}

function kubernetes(name: string, versionArguments: readonly string[], systems: readonly string[]): EngineSource {
  const [major, minor, patch] = KUBERNETES.split('.') as [string, string, string];
  const url = `https://dl.k8s.io/v${KUBERNETES}/bin/{os}/{arch}/${name}`;
  return {
    version: KUBERNETES,
    versionArguments,
    install: `${name} ${KUBERNETES} (https://kubernetes.io/releases/download/)`,
    release: { url, digestUrl: `${url}.sha256`, systems },
    go: {
      module: 'k8s.io/kubernetes',
      version: `v${KUBERNETES}`,
      package: `k8s.io/kubernetes/cmd/${name}`,
      localReplacements: `v0.${minor}.${patch}`,
      variables: {
        'k8s.io/component-base/version.gitVersion': `v${KUBERNETES}`,
        'k8s.io/component-base/version.gitMajor': major,
        'k8s.io/component-base/version.gitMinor': minor,
      },
    },
  };
}

/** The engines that Keelson runs, by the name of their program. */
export const ENGINES = {
  etcd: etcd('etcd', 'server'),
  etcdctl: etcd('etcdctl', 'etcdctl'),
  etcdutl: etcd('etcdutl', 'etcdutl'),
  'kube-apiserver': kubernetes('kube-apiserver', ['--version'], ['linux']),
  'kube-controller-manager': kubernetes('kube-controller-manager', ['--version'], ['linux']),
  'kube-scheduler': kubernetes('kube-scheduler', ['--version'], ['linux']),
  kubelet: kubernetes('kubelet', ['--version'], ['linux']),
  kubectl: kubernetes('kubectl', ['version', '--client'], ['linux', 'darwin']),
  helm: {
    version: HELM,
    versionArguments: ['version', '--short'],
    install: `helm ${HELM} (https://helm.sh/docs/intro/install/)`,
    release: {
      url: `https://get.helm.sh/helm-v${HELM}-{os}-{arch}.tar.gz`,
      digestUrl: `https://get.helm.sh/helm-v${HELM}-{os}-{arch}.tar.gz.sha256sum`,
      archived: '{os}-{arch}/helm',
    },
    go: {
      module: 'helm.sh/helm/v3',
      version: `v${HELM}`,
      package: 'helm.sh/helm/v3/cmd/helm',
      variables: { 'helm.sh/helm/v3/internal/version.version': `v${HELM}` },
    },
  },
  argocd: {
    version: ARGO_CD,
    versionArguments: ['version', '--client', '--short'],
    install: `argocd ${ARGO_CD} (https://argo-cd.readthedocs.io/en/stable/cli_installation/)`,
    release: {
      url: `https://github.com/argoproj/argo-cd/releases/download/v${ARGO_CD}/argocd-{os}-{arch}`,
      digestUrl: `https://github.com/argoproj/argo-cd/releases/download/v${ARGO_CD}/cli_checksums.txt`,
    },
    go: {
      module: 'github.com/argoproj/argo-cd/v3',
      version: `v${ARGO_CD}`,
      package: 'github.com/argoproj/argo-cd/v3/cmd',
      variables: { 'github.com/argoproj/argo-cd/v3/common.version': ARGO_CD },
    },
  },
  kwok: {
    version: KWOK,
    versionArguments: ['--version'],
    install: `kwok ${KWOK} (https://kwok.sigs.k8s.io/docs/user/installation/)`,
    go: {
      module: 'sigs.k8s.io/kwok',
      version: `v${KWOK}`,
      package: 'sigs.k8s.io/kwok/cmd/kwok',
      variables: { 'sigs.k8s.io/kwok/pkg/consts.Version': `v${KWOK}` },
    },
  },
  pulumi: {
    version: PULUMI,
    versionArguments: ['version'],
    install: `pulumi ${PULUMI} (https://www.pulumi.com/docs/iac/download-install/)`,
    go: {
      module: 'github.com/pulumi/pulumi/pkg/v3',
      version: `v${PULUMI}`,
      package: 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi',
      tags: ['osusergo', 'grpcnotrace'],
      variables: { 'github.com/pulumi/pulumi/sdk/v3/go/common/version.Version': `v${PULUMI}` },
    },
  },
  'kube-bench': {
    version: KUBE_BENCH,
    versionArguments: ['version'],
    install: `kube-bench ${KUBE_BENCH} (https://github.com/aquasecurity/kube-bench/releases)`,
    go: {
      module: 'github.com/aquasecurity/kube-bench',
      version: `v${KUBE_BENCH}`,
      package: 'github.com/aquasecurity/kube-bench',
      variables: { 'github.com/aquasecurity/kube-bench/cmd.KubeBenchVersion': KUBE_BENCH },
    },
  },
  promtool: {
    version: PROMETHEUS,
    versionArguments: ['--version'],
    install: `promtool of Prometheus ${PROMETHEUS} (https://prometheus.io/download/)`,
    release: {
      url: `https://github.com/prometheus/prometheus/releases/download/v${PROMETHEUS}/prometheus-${PROMETHEUS}.{os}-{arch}.tar.gz`,
      digestUrl: `https://github.com/prometheus/prometheus/releases/download/v${PROMETHEUS}/sha256sums.txt`,
      archived: `prometheus-${PROMETHEUS}.{os}-{arch}/promtool`,
    },
    go: {
      module: 'github.com/prometheus/prometheus',
      // Version 3.15.1 of the program is version 0.315.1 of the module.
      version: PROMETHEUS.replace(/^3\.(\d+)\./, 'v0.3$1.'),
      package: 'github.com/prometheus/prometheus/cmd/promtool',
      variables: { 'github.com/prometheus/common/version.Version': PROMETHEUS },
    },
  },
  haproxy: {
    version: '2',
    versionArguments: ['-v'],
    install: 'the Debian package haproxy (or HAProxy 2.4 or later from https://www.haproxy.org/)',
  },
  'redis-server': {
    version: '6',
    versionArguments: ['--version'],
    install: 'the Debian package redis-server (or Redis 6 or later from https://redis.io/downloads/)',
  },
} as const satisfies Record<string, EngineSource>;

/** Name of an engine, which is also the name of its program. */
export type EngineName = keyof typeof ENGINES;

/** Tells whether a program is one that Keelson gets. */
export function isEngine(name: string): name is EngineName {
  return Object.hasOwn(ENGINES, name);
}
