/**
 * How KWOK plays a kubelet: what it writes into the status of Nodes and Pods that it finds, and when. Templates are
 * KWOK's own (https://kwok.sigs.k8s.io/docs/user/stages-configuration/).
 */
export function kwokStages(kubernetesVersion: string): readonly object[] {
  return [
    stage('node-ready', 'Node', [isNot(READY, 'True')], { statusTemplate: nodeStatus(kubernetesVersion) }),
    stage('pod-ready', 'Pod', [absent(DELETED), is('.status.phase', 'Pending')], { statusTemplate: POD_RUNNING }),
    stage('pod-succeeded', 'Pod', [absent(DELETED), is('.status.phase', 'Running'), is(OWNER, 'Job')], {
      statusTemplate: POD_SUCCEEDED,
    }),
    stage('pod-deleted', 'Pod', [{ key: DELETED, operator: 'Exists' }], { delete: true }),
  ];
}

const READY = '.status.conditions.[] | select( .type == "Ready" ) | .status';
const DELETED = '.metadata.deletionTimestamp';
const OWNER = '.metadata.ownerReferences.[].kind';

interface Expression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

const is = (key: string, value: string): Expression => ({ key, operator: 'In', values: [value] });
const isNot = (key: string, value: string): Expression => ({ key, operator: 'NotIn', values: [value] });
const absent = (key: string): Expression => ({ key, operator: 'DoesNotExist' });

function stage(name: string, kind: string, matchExpressions: readonly Expression[], next: object): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: { resourceRef: { apiGroup: 'v1', kind }, selector: { matchExpressions }, next },
  };
}

/** Capacity is what the Node was made with; conditions and addresses are KWOK's. */
function nodeStatus(kubernetesVersion: string): string {
  return `
{{ $now := Now }}
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
addresses:
{{ with .status.addresses }}
{{ YAML . 1 }}
{{ end }}
capacity:
{{ with .status.capacity }}
{{ YAML . 1 }}
{{ end }}
allocatable:
{{ with .status.allocatable }}
{{ YAML . 1 }}
{{ end }}
nodeInfo:
  architecture: amd64
  bootID: ""
  containerRuntimeVersion: "kwok://simulated"
  kernelVersion: ""
  kubeProxyVersion: ""
  kubeletVersion: v${kubernetesVersion}
  machineID: ""
  operatingSystem: linux
  osImage: simulated by KWOK
  systemUUID: ""
phase: Running
`;
}

const POD_RUNNING = `
{{ $now := Now }}
conditions:
{{ range $type := list "Initialized" "Ready" "ContainersReady" }}
- type: {{ $type | Quote }}
  status: "True"
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
{{ range .spec.readinessGates }}
- type: {{ .conditionType | Quote }}
  status: "True"
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: true
  restartCount: 0
  state:
    running:
      startedAt: {{ $now | Quote }}
{{ end }}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: true
  restartCount: 0
  state:
    {{ if eq .restartPolicy "Always" }}
    running:
      startedAt: {{ $now | Quote }}
    {{ else }}
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
    {{ end }}
{{ end }}
{{ with NodeIPWith .spec.nodeName }}
hostIP: {{ . | Quote }}
{{ end }}
{{ with PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
podIP: {{ . | Quote }}
{{ end }}
phase: Running
startTime: {{ $now | Quote }}
`;

const POD_SUCCEEDED = `
{{ $now := Now }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: false
  started: false
  restartCount: 0
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
{{ end }}
phase: Succeeded
`;
