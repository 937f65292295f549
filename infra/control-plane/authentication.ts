import type { Cluster } from '../../src/model/cluster';
import { toYaml } from './yaml';

/** The paths that nobody needs a name for: load balancers and supervisors ask them. */
export const ANONYMOUS_PATHS: readonly string[] = ['/livez', '/readyz', '/healthz'];

/**
 * Who people are: tokens of the platform's issuer. Nobody is anonymous but at the health checks.
 * The issuer can name none of Kubernetes' own users and groups.
 * Source: Kubernetes, "Authenticating: authentication configuration from a file".
 */
export function authenticationConfiguration({ platform: { oidc } }: Cluster): string {
  return toYaml({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [
      {
        issuer: { url: oidc.issuer, audiences: [oidc.clientId] },
        claimMappings: {
          username: { claim: oidc.usernameClaim, prefix: oidc.groupsPrefix },
          groups: { claim: oidc.groupsClaim, prefix: oidc.groupsPrefix },
        },
        userValidationRules: [
          {
            expression: "!user.username.startsWith('system:')",
            message: 'names that start with system: are the names of components',
          },
          {
            expression: "user.groups.all(group, !group.startsWith('system:') && !group.startsWith('keelson:'))",
            message: 'groups that start with system: or keelson: are given by certificates alone',
          },
        ],
      },
    ],
    anonymous: { enabled: true, conditions: ANONYMOUS_PATHS.map((path) => ({ path })) },
  });
}
