import type { Tier } from './tenant-slice';

/** A PriorityClass of tenants' Pods, and who may name it. */
export interface TenantPriority {
  readonly name: string;
  /** All are below the platform's own, which start at 900,000. */
  readonly value: number;
  readonly description: string;
  /** What a Pod has that names none. @default false */
  readonly globalDefault?: true;
  /** `Never`: it waits for room and pushes nobody out. @default - it may push out Pods of lower classes */
  readonly preemptionPolicy?: 'Never';
  /** Tiers that it is for. @default - all */
  readonly tiers?: readonly Tier[];
  /** True where it is for production environments alone. @default false */
  readonly production?: true;
}

/**
 * Classes of tenants' Pods, highest first. A Pod may push out those of lower classes, whosesoever they are: so what is
 * above another tenant's work is for production, or for machines on which there are no other tenants.
 */
export const TENANT_PRIORITIES: readonly TenantPriority[] = [
  {
    name: 'tenant-dedicated',
    value: 200_000,
    description: 'First among the workloads of a tenant on machines of its own: it pushes out nobody else’s',
    tiers: [3],
  },
  { name: 'tenant-production', value: 100_000, description: 'Workloads of production environments', production: true },
  {
    name: 'tenant-standard',
    value: 10_000,
    description: 'Workloads that name no class',
    // Otherwise a Pod without a class would rank with best effort.
    globalDefault: true,
  },
  {
    name: 'tenant-best-effort',
    value: 0,
    description: 'Work that may wait and be interrupted: it takes room that is free and pushes nobody out',
    preemptionPolicy: 'Never',
  },
];

/** Names of the classes that Pods of an environment may have, highest first. */
export function prioritiesOf(tier: Tier, production: boolean): readonly string[] {
  return TENANT_PRIORITIES.filter(
    (one) => (one.tiers?.includes(tier) ?? true) && (production || one.production !== true),
  ).map(({ name }) => name);
}
