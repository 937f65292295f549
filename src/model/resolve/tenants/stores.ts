import type { PlatformProps } from '../../platform.generated';
import type { ResolvedCluster } from '../../slices';
import { DEFAULT_STORE } from '../../tenant-cloud';
import type { Claimant } from './claimant';

/** The store that every tenant has is not claimed, and its name is taken. */
export function checkStores(claimant: Claimant): void {
  claimant.props.secretStores?.forEach((store, i) => {
    if (store !== DEFAULT_STORE) return;
    claimant.fault(['secretStores', i], {
      rule: 'reserved-store',
      value: store,
      message: `every tenant has a store named '${DEFAULT_STORE}'`,
      fix: 'leave it out, or name another one',
    });
  });
}

/** Buckets that hold what is the platform's, such as everybody's backups: those of all clusters. */
export function platformBuckets(platform: PlatformProps, clusters: Iterable<ResolvedCluster>): ReadonlySet<string> {
  return new Set([
    ...Object.values(platform.clusters).flatMap(({ storage }) => Object.values(storage ?? {})),
    ...[...clusters].flatMap(({ provisioned }) => Object.values(provisioned?.buckets ?? {})),
  ]);
}
