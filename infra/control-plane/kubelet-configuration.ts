import type { Cluster, Taint } from '../../src/model/cluster';
import { CONTAINERD_SOCKET } from './containerd';
import { at, PKI } from './paths';
import type { SiteHost } from './site';
import { CIPHER_SUITES, TLS_VERSION } from './tls';
import { toYaml } from './yaml';

/** What differs between kubelets. */
export interface KubeletProps {
  /** Cores of the machine, and how many Pods it may hold: what is reserved follows from them. */
  readonly cores: number;
  readonly pods: number;
  /** For what runs beside Kubernetes: on a control-plane host, the control plane. @default - nothing */
  readonly system?: { readonly cpu: string; readonly memory: string };
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

/** Settings of the kernel that kubelet demands where it may not change them itself (`protectKernelDefaults`). */
export const SYSCTLS: Readonly<Record<string, number>> = {
  'kernel.keys.root_maxbytes': 25_000_000,
  'kernel.keys.root_maxkeys': 1_000_000,
  'kernel.panic': 10,
  'kernel.panic_on_oops': 1,
  'net.ipv4.ip_forward': 1,
  'vm.overcommit_memory': 1,
};

/** Source: Kubernetes, "Kubelet Configuration (v1beta1)"; CIS 4.2. */
export function kubeletConfiguration(cluster: Cluster, host: SiteHost, props: KubeletProps): string {
  return toYaml({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    // Who may ask it: CIS 4.2.1 to 4.2.4.
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true, cacheTTL: '2m0s' },
      x509: { clientCAFile: at(host, `${PKI}/ca.crt`) },
    },
    authorization: { mode: 'Webhook' },
    readOnlyPort: 0,
    healthzBindAddress: '127.0.0.1',
    healthzPort: HEALTH_PORT,
    // An hour of silence ends a shell: CIS 4.2.5.
    streamingConnectionIdleTimeout: '1h0m0s',
    enableDebuggingHandlers: true,
    enableProfilingHandler: false,
    // Certificates of both kinds are asked for, and renewed, by itself: CIS 4.2.10, 4.2.11.
    rotateCertificates: true,
    serverTLSBootstrap: true,
    tlsMinVersion: TLS_VERSION,
    tlsCipherSuites: CIPHER_SUITES,
    // What Pods may do to the machine: CIS 4.2.13, 4.2.14.
    podPidsLimit: 4096,
    seccompDefault: true,
    protectKernelDefaults: true,
    makeIPTablesUtilChains: true,
    failSwapOn: true,
    // A Pod that may not pull a private image may not use the copy that another left: what CIS 1.2.11 is for.
    imagePullCredentialsVerificationPolicy: 'NeverVerifyPreloadedImages',
    containerRuntimeEndpoint: `unix://${at(host, CONTAINERD_SOCKET)}`,
    cgroupDriver: 'systemd',
    clusterDomain: 'cluster.local',
    clusterDNS: [cluster.network.dnsAddress],
    maxPods: props.pods,
    registerWithTaints: props.taints,
    ...reserved(props),
    ...housekeeping(),
  });
}

/** Where it says that it is well, on 127.0.0.1. */
export const HEALTH_PORT = 10248;

/**
 * What Pods may not have. The part of Kubernetes itself is by the formula of Amazon's and Google's machine images: of
 * the first core 6 %, of the second 1 %, of the next two 0.5 %, of all others 0.25 %; 255 Mi and 11 Mi a Pod.
 */
function reserved({ cores, pods, system }: KubeletProps): object {
  const cpu = Array.from({ length: cores }, (_, i) => [60, 10, 5, 5][i] ?? 2.5).reduce((sum, part) => sum + part, 0);
  return {
    kubeReserved: { cpu: `${Math.floor(cpu)}m`, memory: `${255 + 11 * pods}Mi`, 'ephemeral-storage': '1Gi' },
    ...(system ? { systemReserved: system } : {}),
    enforceNodeAllocatable: ['pods'],
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '10%',
      'nodefs.inodesFree': '5%',
      'imagefs.available': '15%',
      'pid.available': '10%',
    },
    // Sooner, and with time to end: a Pod that is evicted hard is killed.
    evictionSoft: { 'memory.available': '300Mi', 'nodefs.available': '15%' },
    evictionSoftGracePeriod: { 'memory.available': '1m30s', 'nodefs.available': '2m0s' },
    evictionMaxPodGracePeriod: 60,
  };
}

function housekeeping(): object {
  return {
    imageGCHighThresholdPercent: 80,
    imageGCLowThresholdPercent: 70,
    imageMinimumGCAge: '2m0s',
    // An image that nothing has used for two weeks goes, whatever room there is: its flaws go with it.
    imageMaximumGCAge: '336h0m0s',
    serializeImagePulls: false,
    maxParallelImagePulls: 5,
    containerLogMaxSize: '50Mi',
    containerLogMaxFiles: 5,
    // Of the two minutes that a cloud gives a machine whose time is over.
    shutdownGracePeriod: '1m30s',
    shutdownGracePeriodCriticalPods: '30s',
    eventRecordQPS: 50,
    logging: { format: 'json' },
  };
}
