/** Machines that a database runs on. */
export interface DatabaseSize {
  /** Cores and bytes of one copy in the cluster, requested and limited. */
  readonly cpu: string;
  readonly memory: string;
  /** The same in RDS. */
  readonly instanceClass: string;
}

/** What each size means. The claim's schema and the kind's own tell it to people. */
export const DATABASE_SIZES: Readonly<Record<'small' | 'medium' | 'large', DatabaseSize>> = {
  small: { cpu: '1', memory: '2Gi', instanceClass: 'db.t4g.small' },
  medium: { cpu: '2', memory: '8Gi', instanceClass: 'db.m7g.large' },
  large: { cpu: '4', memory: '16Gi', instanceClass: 'db.m7g.xlarge' },
};

/** Major versions of PostgreSQL that are offered, oldest first. */
export const POSTGRES_VERSIONS = ['15', '16', '17'] as const;

/** Copies of a database in the cluster: one that takes writes, and one that takes over. */
export function databaseCopies(highAvailability: boolean): number {
  return highAvailability ? 2 : 1;
}

/** Space that a database may have. RDS gives 20 GiB at the least (gp3, PostgreSQL). */
export const DATABASE_STORAGE = { least: '10Gi', leastInRds: '20Gi', most: '4Ti' } as const;

/** How the space of a database is written: whole gibibytes or tebibytes, as RDS counts no others. */
export const DATABASE_STORAGE_PATTERN = /^[1-9][0-9]{0,4}(Gi|Ti)$/;
