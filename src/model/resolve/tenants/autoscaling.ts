import type { TenantEnvironmentProps } from '../../claim.generated';
import type { TenantEnvironment } from '../../slices';
import type { Claimant, FieldPath } from './claimant';

/**
 * Bounds of an environment whose claim says nothing. In production two copies at the least, so that one may go; elsewhere
 * none while nobody needs it.
 */
const BOUNDS = { production: { minimum: 2, maximum: 50 }, other: { minimum: 0, maximum: 10 } } as const;

/** The copies that an autoscaler may ask for, every default filled in. */
export function autoscalingOf(
  claimant: Claimant,
  { autoscaling = {} }: TenantEnvironmentProps,
  { production, quota }: Pick<TenantEnvironment, 'production' | 'quota'>,
  path: FieldPath,
): TenantEnvironment['autoscaling'] {
  const fallback = production ? BOUNDS.production : BOUNDS.other;
  const { minimum = Math.min(fallback.minimum, autoscaling.maximum ?? fallback.minimum) } = autoscaling;
  const { maximum = Math.max(fallback.maximum, minimum) } = autoscaling;
  if (production && minimum === 0) {
    claimant.fault([...path, 'minimum'], {
      rule: 'autoscaling',
      value: minimum,
      message: 'in production nothing that serves is scaled to none',
      fix: 'write 1 or more; 2 keep serving when one goes',
    });
  }
  if (minimum > maximum) {
    claimant.fault([...path, 'minimum'], {
      rule: 'autoscaling',
      value: minimum,
      message: `the least number of copies, ${minimum}, is above the most, ${maximum}`,
      fix: `write ${maximum} or less, or raise maximum`,
    });
  }
  if (autoscaling.maximum !== undefined && autoscaling.maximum > quota.pods) {
    claimant.fault([...path, 'maximum'], {
      rule: 'autoscaling',
      value: maximum,
      message: `${maximum} copies never run where the quota has room for ${quota.pods} Pods`,
      fix: `write ${quota.pods} or less, or let quota.pods be ${maximum}`,
    });
  }
  return { minimum, maximum };
}
