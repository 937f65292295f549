import { createHash } from 'node:crypto';

/** Database and role inside of every instance: the same for all, so that nothing of a claim becomes an identifier in SQL. */
export const DATABASE_ROLE = 'app';

/** Label of all that belongs to one database. */
export const DATABASE_LABEL = 'platform.keelson.dev/database';

/** The port that PostgreSQL listens on, in the cluster as in RDS. */
export const DATABASE_PORT = 5432;

/** Name of the Secret with host, port, database, username, password and uri. */
export function databaseSecretName(database: string): string {
  return `${database}-database`;
}

/** Name of the CloudNativePG Cluster, of its ServiceAccount, and what the names of its Pods and Services begin with. */
export function databaseClusterName(database: string): string {
  return `database-${database}`;
}

/** Services that CloudNativePG makes of it: for writing, for reading, for reading copies only. */
export function databaseServiceNames(database: string): readonly string[] {
  return ['rw', 'r', 'ro'].map((role) => `${databaseClusterName(database)}-${role}`);
}

/** Longest identifier of an instance. Source: Amazon RDS User Guide, constraints of DB instance identifiers. */
const IDENTIFIER_LENGTH = 63;
const DIGEST_LENGTH = 8;

/**
 * Identifier of the instance in RDS, `<cluster>-<namespace>-<database>-<digest>`: the digest keeps apart what shortening
 * and single hyphens, which RDS insists on, would make one. The composition computes the same.
 */
export function databaseIdentifier(cluster: string, namespace: string, database: string): string {
  const digest = createHash('sha256').update(`${namespace}/${database}`).digest('hex').slice(0, DIGEST_LENGTH);
  const readable = `${cluster}-${namespace}-${database}`
    .replace(/-+/g, '-')
    .slice(0, IDENTIFIER_LENGTH - DIGEST_LENGTH - 1)
    .replace(/-$/, '');
  return `${readable}-${digest}`;
}
