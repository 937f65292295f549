import type { Construct } from 'constructs';
import type {
  ClusterSlice,
  ComponentSlice,
  ResolvedCluster,
  TenantEnvironment,
  TenantSlice,
} from '../src/model/slices';

/**
 * One thing that rendering makes of a unit. The file that exports it names it: `charts/tenant/network.ts` writes
 * `network.yaml`. A facet is a pure function of the slice; one that adds nothing writes no file.
 */
export interface AddOnFacet {
  /** The directory: beside the chart, or among the Applications. @default baseline */
  readonly into?: 'apps';
  render(scope: Construct, slice: ComponentSlice, cluster: ResolvedCluster): void;
}

export interface ClusterFacet {
  /** @default apps */
  readonly into?: 'root';
  render(scope: Construct, slice: ClusterSlice, cluster: ResolvedCluster): void;
}

/** A facet of a tenant, either once an environment or once for all its environments on a cluster. */
export type TenantFacet = {
  /** Why a tenant has what is in this file, one sentence without a full stop, for `keelson tenant explain`. */
  readonly why?: string;
} & (
  | {
      readonly each: 'environment';
      render(scope: Construct, tenant: TenantSlice, environment: TenantEnvironment, cluster: ResolvedCluster): void;
    }
  | { readonly each: 'tenant'; render(scope: Construct, tenant: TenantSlice, cluster: ResolvedCluster): void }
);
