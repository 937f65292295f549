import { toYaml } from './yaml';

/**
 * Plug-ins beyond those that are on by default.
 * - NodeRestriction: a kubelet changes its own node and Pods only (CIS 1.2.14);
 * - EventRateLimit: one namespace cannot fill etcd with events (CIS 1.2.9);
 * - DenyServiceExternalIPs: nobody takes over an address by naming it (CIS 1.2.3, CVE-2020-8554).
 */
export const ADMISSION_PLUGINS: readonly string[] = ['NodeRestriction', 'EventRateLimit', 'DenyServiceExternalIPs'];

/** Minor version of Kubernetes whose Pod Security levels hold, as `v1.36`: updating the cluster does not change them unseen. */
function levelVersion(kubernetesVersion: string): string {
  return `v${kubernetesVersion.split('.').slice(0, 2).join('.')}`;
}

/**
 * What admission plug-ins are told. A namespace without labels of its own gets Pod Security `restricted`: every
 * namespace of the tree has labels, so that this catches what was made by hand.
 */
export function admissionConfiguration(kubernetesVersion: string): string {
  const version = levelVersion(kubernetesVersion);
  return toYaml({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AdmissionConfiguration',
    plugins: [
      {
        name: 'PodSecurity',
        configuration: {
          apiVersion: 'pod-security.admission.config.k8s.io/v1',
          kind: 'PodSecurityConfiguration',
          defaults: {
            enforce: 'restricted',
            'enforce-version': version,
            audit: 'restricted',
            'audit-version': version,
            warn: 'restricted',
            'warn-version': version,
          },
          exemptions: { usernames: [], runtimeClasses: [], namespaces: [] },
        },
      },
      {
        name: 'EventRateLimit',
        configuration: {
          apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1',
          kind: 'Configuration',
          limits: [
            // Scheduler and controller-manager report for everybody: only all of it together is bounded for them.
            { type: 'Server', qps: 500, burst: 5_000 },
            { type: 'Namespace', qps: 50, burst: 500, cacheSize: 5_000 },
          ],
        },
      },
    ],
  });
}
