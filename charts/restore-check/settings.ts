import { BACKUPS_NAMESPACE } from '../../src/model/names';
import type { JsonObject } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources } from '../hardening';
import { podSecurity } from '../labels';
import { RESTORED, RESTORE_CHECK } from './facts';
import { script } from './scripts';

/** Image of the checker and of the Pods that read volumes: nothing but Node. */
export const IMAGE = 'docker.io/library/node:24.11.1-alpine';

/** `node`, user and group of the image. */
export const USER = { runAsUser: 1000, runAsGroup: 1000 };

/** ConfigMap beside Velero that says how what is restored for a check differs from what it was. */
export const MODIFIER = 'restore-check';

/** Hours between two checks of one environment. */
const EVERY_HOURS = 7 * 24;

/** Files of a volume that are compared. Of more, those whose names have the smallest digests. */
const SAMPLE = 2000;

/** Where a reader has its volume. */
const VOLUME = '/volume';

/** What the checker reads as its settings; `{scratch}`, `{name}` and `{volume}` it fills in. */
export function settings(kubernetesVersion: string): JsonObject {
  return {
    velero: BACKUPS_NAMESPACE,
    names: { ...RESTORE_CHECK },
    port: 8080,
    everyHours: EVERY_HOURS,
    pauseSeconds: 300,
    pollSeconds: 5,
    goneSeconds: 600,
    readSeconds: 3600,
    sample: SAMPLE,
    modifier: MODIFIER,
    restored: Object.entries(RESTORED).flatMap(([group, kinds]) =>
      kinds.map((resource) => ({ group, version: 'v1', resource })),
    ),
    // Kubernetes and Istio write these into every namespace.
    ignored: ['configmaps/kube-root-ca.crt', 'configmaps/istio-ca-root-cert'],
    reader: reader(),
    scratch: scratch(kubernetesVersion),
    api: {
      url: 'https://kubernetes.default.svc',
      token: '/var/run/secrets/kubernetes.io/serviceaccount/token',
      authority: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
    },
  };
}

/** A Pod that reads a volume, as whoever uses it. It has no token, and no policy lets it reach anybody. */
function reader(): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: '{name}', labels: { [RESTORE_CHECK.label]: 'true' } },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      securityContext: { ...RESTRICTED_POD, ...USER },
      containers: [
        {
          name: 'reader',
          image: IMAGE,
          command: ['node', '--input-type=module', '--eval', script('reader'), VOLUME, String(SAMPLE)],
          resources: resources('50m', '128Mi', { cpu: '500m' }),
          securityContext: RESTRICTED_CONTAINER,
          volumeMounts: [{ name: 'volume', mountPath: VOLUME, readOnly: true }],
        },
      ],
      volumes: [{ name: 'volume', persistentVolumeClaim: { claimName: '{volume}', readOnly: true } }],
    },
  };
}

/** A scratch namespace and what closes it, in the order in which they are made: where to, and what. */
function scratch(kubernetesVersion: string): [string, JsonObject][] {
  const metadata = { name: 'restore-check', namespace: '{scratch}' };
  const core = '/api/v1/namespaces';
  return [
    [
      core,
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: {
          name: '{scratch}',
          labels: { [RESTORE_CHECK.label]: 'true', ...podSecurity('restricted', kubernetesVersion) },
        },
      },
    ],
    [
      '/apis/networking.k8s.io/v1/namespaces/{scratch}/networkpolicies',
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata,
        spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
      },
    ],
    [
      '/apis/cilium.io/v2/namespaces/{scratch}/ciliumnetworkpolicies',
      {
        apiVersion: 'cilium.io/v2',
        kind: 'CiliumNetworkPolicy',
        metadata,
        // What denies goes before whatever allows, policies of the whole cluster among it.
        spec: {
          endpointSelector: {},
          ingressDeny: [{ fromEntities: ['all'] }],
          egressDeny: [{ toEntities: ['all'] }],
        },
      },
    ],
    [
      `${core}/{scratch}/resourcequotas`,
      {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata,
        spec: { hard: { pods: '2', 'services.loadbalancers': '0', 'services.nodeports': '0' } },
      },
    ],
  ];
}

/** Velero's rules for what is restored: workloads are stopped, and nothing is offered outside of the namespace. */
export function modifier(): JsonObject {
  const stopped = ['deployments.apps', 'statefulsets.apps'].map((groupResource) => ({
    conditions: { groupResource },
    mergePatches: [{ patchData: JSON.stringify({ spec: { replicas: 0 } }) }],
  }));
  const closed = ['LoadBalancer', 'NodePort'].map((type) => ({
    conditions: { groupResource: 'services', matches: [{ path: '/spec/type', value: type }] },
    mergePatches: [
      {
        patchData: JSON.stringify({
          spec: {
            type: 'ClusterIP',
            allocateLoadBalancerNodePorts: null,
            externalTrafficPolicy: null,
            healthCheckNodePort: null,
            loadBalancerClass: null,
          },
        }),
      },
    ],
  }));
  return { version: 'v1', resourceModifierRules: [...stopped, ...closed] };
}
