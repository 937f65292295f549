import type { PlatformProps } from '../../platform.generated';
import type { Claimant } from './claimant';

/** Images come from the platform's registries: credentials for another would fetch what admission refuses. */
export function checkRegistries(claimant: Claimant, { registries }: PlatformProps): void {
  claimant.props.registries?.forEach((registry, i) => {
    if (registries.some((one) => registry === one || registry.startsWith(`${one}/`))) return;
    claimant.fault(['registries', i], {
      rule: 'unknown-registry',
      value: registry,
      message: `'${registry}' is in none of the registries that images may come from`,
      fix: `write one of ${registries.join(', ')}, or a path below it`,
    });
  });
}
