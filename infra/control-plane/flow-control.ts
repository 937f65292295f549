import type { Cluster } from '../../src/model/cluster';
import { ADMIN_GROUP } from './pki';

/** Before the API server's own schemas for service accounts (9000) and for everybody (9900), after those of nodes. */
const PRECEDENCE = 1_000;

/**
 * Who goes first at the API server, as objects; how much one server takes on at once is said by its flags. Kubernetes'
 * own schemas put leader election, nodes and controllers before service accounts, and people behind all of them: those
 * who come to end a flood of requests would wait in it. So the platform's people share the controllers' level.
 * Source: Kubernetes, "API Priority and Fairness", suggested configuration.
 */
export function flowControlObjects({ platform }: Cluster): readonly object[] {
  const { groups, groupsPrefix } = platform.oidc;
  const people = [groups.admins, groups.oncall, platform.breakGlassGroup].map((group) => `${groupsPrefix}${group}`);
  return [
    {
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'FlowSchema',
      metadata: { name: 'keelson-people' },
      spec: {
        matchingPrecedence: PRECEDENCE,
        priorityLevelConfiguration: { name: 'workload-high' },
        // One of them who asks too much waits behind himself.
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [ADMIN_GROUP, ...people].map((name) => ({ kind: 'Group', group: { name } })),
            resourceRules: [
              { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true },
            ],
            nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
          },
        ],
      },
    },
  ];
}
