import { TEXTFILE_DIRECTORY } from '../../src/model/control-plane-metrics';
import { defineComponent } from '../component';
import { RESTRICTED_POD, resources } from '../hardening';

const LABELS = {
  'app.kubernetes.io/name': 'prometheus-node-exporter',
  'app.kubernetes.io/instance': 'node-exporter',
};

/** `nobody`, user and group of the image. */
const NOBODY = 65534;

/** Where the node's directory of that kind is in the container. */
const TEXTFILES = '/host/textfiles';

export const component = defineComponent({
  name: 'node-exporter',
  summary: 'Measures every node: CPU, memory, disks and network',
  providers: ['aws', 'eks', 'local'],

  declare: () => ({
    chart: {
      repository: 'https://prometheus-community.github.io/helm-charts',
      name: 'prometheus-node-exporter',
      version: '4.56.1',
      values: {
        image: { distroless: true },
        priorityClassName: 'platform-critical',
        resources: resources('20m', '64Mi'),
        securityContext: { ...RESTRICTED_POD, fsGroup: NOBODY, runAsGroup: NOBODY, runAsUser: NOBODY },
        containerSecurityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        },
        tolerations: [{ operator: 'Exists' }],
        // The rules of kube-prometheus-stack select `job="node-exporter"`, which this label becomes.
        podLabels: { jobLabel: 'node-exporter' },
        service: { labels: { jobLabel: 'node-exporter' }, portName: 'http-metrics' },
        prometheus: { monitor: { enabled: true, jobLabel: 'jobLabel' } },
        extraHostVolumeMounts: [
          {
            name: 'textfiles',
            hostPath: TEXTFILE_DIRECTORY,
            // Only hosts of a control plane write there.
            type: 'DirectoryOrCreate',
            mountPath: TEXTFILES,
            readOnly: true,
            mountPropagation: 'None',
          },
        ],
        extraArgs: [
          `--collector.textfile.directory=${TEXTFILES}`,
          '--collector.filesystem.mount-points-exclude=^/(dev|proc|sys|run/containerd/.+|var/lib/kubelet/.+)($|/)',
          '--collector.filesystem.fs-types-exclude=^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|' +
            'fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|' +
            'sysfs|tracefs|erofs)$',
        ],
      },
    },
    namespace: {
      name: 'node-exporter',
      level: 'privileged',
      reason: "reads the node's /proc, /sys and / and its network counters",
    },
    workloads: { exporter: { labels: LABELS, hostNetwork: true } },
    priorityClass: 'platform-critical',
    exceptions: [
      {
        what: 'a ServiceMonitor of the chart',
        reason: 'rules and dashboards of kube-prometheus-stack select the job name that it gives',
      },
    ],
  }),
});
