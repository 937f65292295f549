import type { Cluster } from '../../src/model/cluster';
import { toYaml } from './yaml';

const MUTATIONS = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const READS = ['get', 'list', 'watch'];

/**
 * What the audit log keeps of a request: who, when, what and the answer's code of everything but noise; the body of
 * what changes something; never the body of what may be secret. The first rule that fits decides.
 * Source: Kubernetes, "Auditing"; CIS 3.2.1, 3.2.2.
 */
export function auditPolicy({ platform }: Cluster): string {
  const { groupsPrefix } = platform.oidc;
  return toYaml({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    // The end of a request says all that its beginning did.
    omitStages: ['RequestReceived'],
    omitManagedFields: true,
    rules: [
      // First of all, so that no later rule can log their bodies: CIS 3.2.2.
      {
        level: 'Metadata',
        resources: [
          { group: '', resources: ['secrets', 'configmaps', 'serviceaccounts/token'] },
          { group: 'authentication.k8s.io', resources: ['tokenreviews'] },
        ],
      },
      ...noise(),
      // Emergency access: reads too leave what was asked. After the noise, since API servers themselves are masters.
      { level: 'Request', userGroups: ['system:masters', `${groupsPrefix}${platform.breakGlassGroup}`] },
      // A shell in a container, a tunnel to a port: CIS 3.2.2. What runs there stands in the address of the request.
      {
        level: 'Metadata',
        resources: [
          {
            group: '',
            resources: [
              'pods/exec',
              'pods/attach',
              'pods/portforward',
              'pods/proxy',
              'pods/ephemeralcontainers',
              'services/proxy',
              'nodes/proxy',
            ],
          },
        ],
      },
      { level: 'Request', verbs: MUTATIONS },
      { level: 'Metadata' },
    ],
  });
}

/** What components do all the time, and what tells nobody anything. */
function noise(): readonly object[] {
  const components = ['system:kube-controller-manager', 'system:kube-scheduler', 'system:apiserver'];
  return [
    { level: 'None', nonResourceURLs: ['/healthz*', '/livez*', '/readyz*', '/version', '/openapi/*'] },
    // Elections, and nodes that say they live: several a second, always the same.
    {
      level: 'None',
      users: components,
      verbs: ['get', 'update'],
      resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }],
    },
    {
      level: 'None',
      userGroups: ['system:nodes'],
      verbs: ['get', 'update', 'patch'],
      resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }],
      namespaces: ['kube-node-lease'],
    },
    // What the control plane and kubelets read to do their work. Secrets were decided above.
    { level: 'None', users: components, verbs: READS },
    { level: 'None', userGroups: ['system:nodes', 'system:serviceaccounts:kube-system'], verbs: READS },
    // Events are a log of their own.
    {
      level: 'None',
      verbs: ['create', 'update', 'patch'],
      resources: [
        { group: '', resources: ['events'] },
        { group: 'events.k8s.io', resources: ['events'] },
      ],
    },
    // A node's report of itself is long, and not what somebody decided.
    {
      level: 'Metadata',
      userGroups: ['system:nodes'],
      verbs: ['update', 'patch'],
      resources: [{ group: '', resources: ['nodes/status', 'pods/status'] }],
    },
  ];
}
