import { show } from '../../show';
import type { Claimant } from './claimant';

/** Labels without a prefix that the platform selects, bills or reports by. */
const OWN_LABELS: readonly string[] = ['cost-centre', 'data-class', 'environment', 'team', 'tenant', 'tier'];

/**
 * Domains whose labels on a namespace switch something on or off: Pod Security, a mesh, a policy engine, who is
 * scraped, what is kept. Whatever is below one of them counts too.
 */
const DOMAINS: readonly string[] = [
  'argoproj.io',
  'cert-manager.io',
  'cilium.io',
  'cnpg.io',
  'coreos.com',
  'crossplane.io',
  'external-secrets.io',
  'istio.io',
  'k8s.io',
  'keda.sh',
  'keelson.dev',
  'kubernetes.io',
  'kyverno.io',
  'opentelemetry.io',
  'velero.io',
  'x-k8s.io',
];

/** A tenant's labels stand beside the platform's and Kubernetes' own, never in their place. */
export function checkLabels(claimant: Claimant): void {
  for (const key of Object.keys(claimant.props.labels ?? {})) {
    const owner = ownerOf(key);
    if (owner === undefined) continue;
    claimant.fault(['labels', key], {
      rule: 'reserved-label',
      value: claimant.props.labels?.[key],
      message: `the label ${show(key)} belongs to ${owner} and is not the tenant's to set`,
      fix: `choose another key, such as ${show(`example.com/${key.slice(key.indexOf('/') + 1).slice(0, 40)}`)}`,
    });
  }
}

function ownerOf(key: string): string | undefined {
  if (OWN_LABELS.includes(key)) return 'the platform';
  const slash = key.indexOf('/');
  if (slash < 0) return undefined;
  const prefix = key.slice(0, slash).toLowerCase();
  return DOMAINS.find((one) => prefix === one || prefix.endsWith(`.${one}`));
}
