import type { Cluster, JsonObject } from './component';
import { byProvider } from './hardening';

/** API version of the Gateway's kinds. */
export const GATEWAY_API = 'gateway.networking.k8s.io/v1';

/**
 * The one Gateway of a cluster. What tenants serve by it stands in its own namespace, which no tenant can write to:
 * listeners, certificates and those who issue them.
 */
export const GATEWAY = { name: 'platform', namespace: 'gateway' } as const;

/** Where Let's Encrypt takes orders. */
export const ACME_HOST = 'acme-v02.api.letsencrypt.org';

/** Secret with the key of the account that orders for tenants: one account, so that its limits are one. */
export const TENANTS_ACCOUNT = 'tenants-acme-account';

/**
 * An issuer's spec. In a cloud it orders from Let's Encrypt and proves by DNS the given names alone, none where none
 * is given; a local cluster has no public name and signs its own.
 */
export function issuerSpec(
  cluster: Cluster,
  props: { readonly account: string; readonly ownsAccount: boolean; readonly names: readonly string[] },
): JsonObject {
  return byProvider<JsonObject>(cluster, {
    cloud: {
      acme: {
        server: `https://${ACME_HOST}/directory`,
        email: cluster.platform.contact,
        privateKeySecretRef: { name: props.account },
        ...(props.ownsAccount ? {} : { disableAccountKeyGeneration: true }),
        ...(props.names.length > 0 ? { solvers: solvers(cluster, props.names) } : {}),
      },
    },
    local: { selfSigned: {} },
  });
}

/** Of one zone together: it is found by its id once that is known, since a name may be that of a private zone too. */
function solvers(cluster: Cluster, names: readonly string[]): JsonObject[] {
  const region = cluster.region ?? '';
  const zone = cluster.provisioned?.zones?.[cluster.domain];
  const inZone = names.filter((name) => name.endsWith(`.${cluster.domain}`));
  const others = names.filter((name) => !inZone.includes(name));
  return [
    { dnsNames: inZone, route53: { region, ...(zone === undefined ? {} : { hostedZoneID: zone }) } },
    { dnsNames: others, route53: { region } },
  ]
    .filter(({ dnsNames }) => dnsNames.length > 0)
    .map(({ dnsNames, route53 }) => ({ selector: { dnsNames }, dns01: { route53 } }));
}
