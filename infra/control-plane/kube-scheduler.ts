import { METRICS_PORTS } from '../../src/model/control-plane-metrics';
import { type Component, loopbackPort, ownApiServer, type Subject } from './component';
import { flag } from './flags';
import { kubeconfig } from './kubeconfig';
import { at, file, KUBERNETES, PKI, publicFile } from './paths';
import { hostCertificate } from './pki';
import { tlsFlags } from './tls';
import { toYaml } from './yaml';

const PORT = METRICS_PORTS['kube-scheduler'].loopback;

/** The scheduler. One of all hosts leads. */
export function kubeScheduler(subject: Subject): Component {
  const { cluster, host } = subject;
  const pki = (name: string) => at(host, `${PKI}/${name}`);
  const credentials = at(host, `${KUBERNETES}/scheduler.conf`);
  const configuration = at(host, `${KUBERNETES}/scheduler.yaml`);
  const port = loopbackPort(subject, PORT);
  const certificate = hostCertificate(host.name, 'scheduler');
  const serving = hostCertificate(host.name, 'scheduler-serving');
  return {
    directories: [],
    files: [
      publicFile(host, `${PKI}/scheduler.crt`, { kind: 'certificate', certificate }),
      file(host, `${PKI}/scheduler.key`, { kind: 'key', certificate }),
      publicFile(host, `${PKI}/scheduler-serving.crt`, { kind: 'certificate', certificate: serving }),
      file(host, `${PKI}/scheduler-serving.key`, { kind: 'key', certificate: serving }),
      file(host, `${KUBERNETES}/scheduler.yaml`, schedulerConfiguration(credentials)),
      file(
        host,
        `${KUBERNETES}/scheduler.conf`,
        kubeconfig({
          cluster: cluster.name,
          server: ownApiServer(subject),
          user: 'system:kube-scheduler',
          trust: pki('ca.crt'),
          certificate: pki('scheduler.crt'),
          key: pki('scheduler.key'),
        }),
      ),
    ],
    units: [
      {
        name: 'kube-scheduler',
        description: 'Kubernetes scheduler',
        program: 'kube-scheduler',
        flags: [
          flag('--config', configuration, 'leader election, profiles and its credentials'),
          flag('--authentication-kubeconfig', credentials, 'the API server says who asks for metrics'),
          flag('--authorization-kubeconfig', credentials, 'the API server says whether they may'),
          flag('--bind-address', '127.0.0.1', 'CIS 1.4.2'),
          flag('--secure-port', port, 'metrics and health'),
          flag('--tls-cert-file', pki('scheduler-serving.crt'), 'no certificate that nobody vouches for'),
          flag('--tls-private-key-file', pki('scheduler-serving.key'), 'belongs to the certificate'),
          ...tlsFlags(),
          flag('--profiling', false, 'CIS 1.4.1 reads it here; what counts is `enableProfiling` in its configuration'),
        ],
        user: 'root',
        after: ['kube-apiserver'],
        health: { url: `https://127.0.0.1:${port}/healthz`, trust: pki('ca.crt') },
        restartOn: [configuration, credentials, pki('ca.crt')],
        writes: [],
      },
    ],
  };
}

/** Source: Kubernetes, "Scheduler Configuration". */
function schedulerConfiguration(credentials: string): string {
  return toYaml({
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    clientConnection: { kubeconfig: credentials },
    leaderElection: { leaderElect: true },
    enableProfiling: false,
    enableContentionProfiling: false,
    profiles: [
      {
        schedulerName: 'default-scheduler',
        pluginConfig: [
          {
            name: 'PodTopologySpread',
            // Workloads that say nothing spread evenly over zones; by default up to five more may stand in one.
            args: {
              defaultingType: 'List',
              defaultConstraints: [
                { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
                { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
              ],
            },
          },
        ],
      },
    ],
  });
}
