import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { TenantEnvironment, TenantHost } from '../../src/model/slices';
import type { JsonObject } from '../component';
import type { TenantFacet } from '../facet';
import { tenantLabels } from '../labels';
import { GATEWAY, GATEWAY_API, issuerSpec, TENANTS_ACCOUNT } from '../shared-gateway';

/** What one HTTPRoute holds at the most. Source: its definition: matches a rule, rules, matches together. */
const LIMITS = { ruleMatches: 64, rules: 16, matches: 127 } as const;

/**
 * The names that an environment serves. For each a listener of the shared Gateway that takes routes from the
 * environment's namespace alone, a certificate from an issuer that proves these names and no others, and the routes
 * that the claim tells, by path and method. A route of anybody else finds no listener for the name. While a tenant is
 * suspended its certificates are kept, so that none is ordered anew when it resumes.
 */
export const facet: TenantFacet = {
  each: 'environment',
  why: 'what it serves has a name, a certificate and a route that no other tenant can take',
  render(scope, tenant, environment, cluster) {
    const { namespace } = environment;
    const hosts = [...new Set(environment.hosts.map(({ host }) => host))];
    if (hosts.length === 0 || tenant.state === 'removed') return;
    const labels = tenantLabels(tenant, environment);
    const shared = (name: string) => ({ name, namespace: GATEWAY.namespace, labels });
    new ApiObject(scope, 'issuer', {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Issuer',
      metadata: shared(namespace),
      spec: issuerSpec(cluster, { account: TENANTS_ACCOUNT, ownsAccount: false, names: hosts }),
    });
    for (const host of hosts) {
      new ApiObject(scope, `certificate-${host}`, {
        apiVersion: 'cert-manager.io/v1',
        kind: 'Certificate',
        metadata: shared(host),
        spec: {
          secretName: host,
          issuerRef: { group: 'cert-manager.io', kind: 'Issuer', name: namespace },
          dnsNames: [host],
          privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
        },
      });
      if (tenant.state !== 'active') continue;
      new ApiObject(scope, `listener-${host}`, {
        apiVersion: GATEWAY_API,
        kind: 'ListenerSet',
        metadata: shared(host),
        spec: {
          parentRef: { name: GATEWAY.name },
          listeners: [
            {
              name: 'https',
              hostname: host,
              port: 443,
              protocol: 'HTTPS',
              tls: { mode: 'Terminate', certificateRefs: [{ name: host }] },
              allowedRoutes: {
                namespaces: {
                  from: 'Selector',
                  selector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
                },
              },
            },
          ],
        },
      });
      addRoutes(scope, host, environment, labels);
    }
  },
};

function addRoutes(
  scope: Construct,
  host: string,
  { namespace, hosts }: TenantEnvironment,
  labels: Record<string, string>,
): void {
  const rules = hosts.filter((one) => one.host === host).flatMap(rulesOf);
  packed(rules).forEach((some, i) => {
    const name = i === 0 ? host : `${host}-${i + 1}`;
    new ApiObject(scope, `route-${name}`, {
      apiVersion: GATEWAY_API,
      kind: 'HTTPRoute',
      metadata: { name, namespace, labels },
      spec: {
        parentRefs: [{ kind: 'ListenerSet', name: host, namespace: GATEWAY.namespace }],
        hostnames: [host],
        rules: some.map(({ matches, backendRefs }) => ({ matches: [...matches], backendRefs: [...backendRefs] })),
      },
    });
  });
}

interface Rule {
  readonly matches: readonly JsonObject[];
  readonly backendRefs: readonly JsonObject[];
}

/** The requests of one entry, and where they go. */
function rulesOf({ paths = ['/'], methods = [], service, port }: TenantHost): readonly Rule[] {
  const matches = paths.flatMap((value) => {
    const path = { type: 'PathPrefix', value };
    return methods.length > 0 ? methods.map((method) => ({ path, method })) : [{ path }];
  });
  const rules: Rule[] = [];
  for (let i = 0; i < matches.length; i += LIMITS.ruleMatches) {
    rules.push({ matches: matches.slice(i, i + LIMITS.ruleMatches), backendRefs: [{ name: service, port }] });
  }
  return rules;
}

/** Rules in as many routes as it takes to hold them. */
function packed(rules: readonly Rule[]): readonly (readonly Rule[])[] {
  const routes: Rule[][] = [];
  let matches = 0;
  for (const rule of rules) {
    const last = routes.at(-1);
    matches += rule.matches.length;
    if (last && last.length < LIMITS.rules && matches <= LIMITS.matches) {
      last.push(rule);
    } else {
      routes.push([rule]);
      matches = rule.matches.length;
    }
  }
  return routes;
}
