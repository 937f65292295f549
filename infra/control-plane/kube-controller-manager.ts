import { METRICS_PORTS } from '../../src/model/control-plane-metrics';
import { type Component, loopbackPort, ownApiServer, type Subject } from './component';
import { flag } from './flags';
import { kubeconfig } from './kubeconfig';
import { at, file, KUBERNETES, PKI, publicFile } from './paths';
import { hostCertificate, KUBELET_CERTIFICATE_DAYS } from './pki';
import { tlsFlags } from './tls';

const PORT = METRICS_PORTS['kube-controller-manager'].loopback;
const SIGNING = `${KUBELET_CERTIFICATE_DAYS * 24}h`;

/**
 * Controllers beyond those that are on by default: tokens by which machines join are removed when they expire.
 * Source: Kubernetes, "Authenticating with Bootstrap Tokens".
 */
const CONTROLLERS = ['*', 'token-cleaner-controller'];

/** The controller-manager. One of all hosts leads; each has a user of its own for every controller. */
export function kubeControllerManager(subject: Subject): Component {
  const { cluster, host } = subject;
  const pki = (name: string) => at(host, `${PKI}/${name}`);
  const configuration = at(host, `${KUBERNETES}/controller-manager.conf`);
  const port = loopbackPort(subject, PORT);
  const certificate = hostCertificate(host.name, 'controller-manager');
  const serving = hostCertificate(host.name, 'controller-manager-serving');
  return {
    directories: [],
    files: [
      publicFile(host, `${PKI}/pods-ca.crt`, { kind: 'self-signed-trust', authorities: ['kubernetes'] }),
      publicFile(host, `${PKI}/controller-manager.crt`, { kind: 'certificate', certificate }),
      file(host, `${PKI}/controller-manager.key`, { kind: 'key', certificate }),
      publicFile(host, `${PKI}/controller-manager-serving.crt`, { kind: 'certificate', certificate: serving }),
      file(host, `${PKI}/controller-manager-serving.key`, { kind: 'key', certificate: serving }),
      publicFile(host, `${PKI}/kubelet-signer.crt`, { kind: 'authority-certificate', authority: 'kubelet' }),
      file(host, `${PKI}/kubelet-signer.key`, { kind: 'authority-key', authority: 'kubelet' }),
      file(
        host,
        `${KUBERNETES}/controller-manager.conf`,
        kubeconfig({
          cluster: cluster.name,
          server: ownApiServer(subject),
          user: 'system:kube-controller-manager',
          trust: pki('ca.crt'),
          certificate: pki('controller-manager.crt'),
          key: pki('controller-manager.key'),
        }),
      ),
    ],
    units: [
      {
        name: 'kube-controller-manager',
        description: 'Kubernetes controller-manager',
        program: 'kube-controller-manager',
        flags: [
          flag('--kubeconfig', configuration, 'CIS 1.1.17: its own server, which is never older than itself'),
          flag('--authentication-kubeconfig', configuration, 'the API server says who asks for metrics'),
          flag('--authorization-kubeconfig', configuration, 'the API server says whether they may'),
          flag('--bind-address', '127.0.0.1', 'CIS 1.3.7'),
          flag('--secure-port', port, 'metrics and health'),
          flag('--tls-cert-file', pki('controller-manager-serving.crt'), 'no certificate that nobody vouches for'),
          flag('--tls-private-key-file', pki('controller-manager-serving.key'), 'belongs to the certificate'),
          ...tlsFlags(),
          flag('--profiling', false, 'CIS 1.3.2'),
          flag('--leader-elect', true, 'one of all hosts acts'),
          flag('--use-service-account-credentials', true, 'CIS 1.3.3: each controller may do its own work only'),
          flag('--service-account-private-key-file', pki('sa.key'), 'CIS 1.3.4'),
          flag('--root-ca-file', pki('pods-ca.crt'), 'CIS 1.3.5: what Pods check the API server against'),
          flag('--controllers', CONTROLLERS.join(','), 'expired tokens by which machines join are removed'),
          flag('--cluster-signing-kubelet-client-cert-file', pki('kubelet-signer.crt'), 'signs for kubelets alone'),
          flag('--cluster-signing-kubelet-client-key-file', pki('kubelet-signer.key'), 'signs for kubelets alone'),
          flag('--cluster-signing-kubelet-serving-cert-file', pki('kubelet-signer.crt'), 'signs for kubelets alone'),
          flag('--cluster-signing-kubelet-serving-key-file', pki('kubelet-signer.key'), 'signs for kubelets alone'),
          flag('--cluster-signing-duration', SIGNING, 'thirty days: kubelets renew by themselves, nothing is revoked'),
          flag('--terminated-pod-gc-threshold', 1_000, 'CIS 1.3.1: ended Pods do not fill etcd (default 12,500)'),
          flag('--allocate-node-cidrs', false, 'Cilium gives nodes their ranges'),
          ...(cluster.provider === 'aws'
            ? [flag('--cloud-provider', 'external', 'what asks the cloud is a controller of its own')]
            : []),
        ],
        user: 'root',
        after: ['kube-apiserver'],
        health: { url: `https://127.0.0.1:${port}/healthz`, trust: pki('ca.crt') },
        // Certificates and the signer are read anew when they change.
        restartOn: [configuration, pki('ca.crt'), pki('pods-ca.crt'), pki('sa.key')],
        writes: [],
      },
    ],
  };
}
