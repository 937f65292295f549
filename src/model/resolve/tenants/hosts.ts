import type { TenantEnvironmentProps } from '../../claim.generated';
import { compareText } from '../../finding';
import type { TenantHost } from '../../slices';

/** Hosts of one environment, in code-unit order. */
export function hostsOf(claim: TenantEnvironmentProps): readonly TenantHost[] {
  return [...(claim.hosts ?? [])]
    .map((one) => ({ ...one, host: one.host.toLowerCase(), targetPort: one.targetPort ?? one.port }))
    .sort((a, b) => compareText(a.host, b.host) || compareText(a.paths?.join() ?? '', b.paths?.join() ?? ''));
}
