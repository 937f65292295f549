import type { DatabaseProvider, Provider } from '../cluster';
import type { PlatformProps } from '../platform.generated';
import type { Findings } from './findings';

/** What runs the databases of an environment: in production the cloud's service where there is one, else the cluster. */
export function databaseProviderOf(
  environment: PlatformProps['environments'][string],
  provider: Provider,
): DatabaseProvider {
  return environment.databases ?? (environment.production === true && provider !== 'local' ? 'rds' : 'cluster');
}

/** RDS is a service of AWS: an environment on a local cluster cannot have it. */
export function checkDatabaseProviders(props: PlatformProps, file: string, findings: Findings): void {
  for (const [name, { cluster, databases }] of Object.entries(props.environments)) {
    if (databases !== 'rds' || props.clusters[cluster]?.provider !== 'local') continue;
    findings.error(file, {
      rule: 'config/database-provider',
      field: `environments.${name}.databases`,
      value: databases,
      message: `cluster '${cluster}' is local, and RDS runs in AWS`,
      fix: `write 'cluster'`,
    });
  }
}
