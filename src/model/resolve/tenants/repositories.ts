import type { TenantProps } from '../../claim.generated';
import type { TenantDeclaration } from '../../declare';
import { compareText } from '../../finding';
import { gitEndpoint, gitHostsOf, repositoryKey, repositoryName } from '../../git-location';
import { toLabel } from '../../names';
import type { PlatformProps } from '../../platform.generated';
import { showList } from '../../show';
import type { TenantRepository } from '../../slices';
import { suggest } from '../clusters';
import type { Claimant } from './claimant';
import { isIn } from './scope';

/** Longest name of a repository that a claim gives none. */
const NAME_LENGTH = 40;

type Repository = NonNullable<TenantProps['repositories']>[number];

/** Whose a repository is, by `repositoryKey`. */
export type RepositoryOwners = ReadonlyMap<string, { readonly name: string; readonly file: string }>;

/**
 * Whose each claimed repository is: of several tenants it is that whose name stands in the URL, so that nobody takes
 * another's by having a name that comes first; else it is the first by name. `tenants` are in the order of their names.
 * Behind all others goes `last`: whoever is judged alone must not be right at somebody else's cost.
 */
export function repositoryOwners(tenants: readonly TenantDeclaration[], last?: string): RepositoryOwners {
  const owners = new Map<string, { name: string; file: string; likeness: number }>();
  for (const { name, file, props } of tenants) {
    for (const { url } of props.repositories ?? []) {
      const key = repositoryKey(url);
      const likeness = name === last ? -1 : isNamedAfter(key, name) ? name.length : 0;
      const owner = owners.get(key);
      if (!owner || likeness > owner.likeness) owners.set(key, { name, file, likeness });
    }
  }
  return owners;
}

/** Whether a part of the repository's path is the tenant's name, or begins with it as a word. */
function isNamedAfter(key: string, tenant: string): boolean {
  return key
    .split('/')
    .slice(1)
    .some((part) => part.startsWith(tenant) && /^(?:$|[-_.])/.test(part.slice(tenant.length)));
}

/** The repositories of one environment, in code-unit order of their names. */
export function repositoriesOf({ repositories = [] }: TenantProps, environment: string): readonly TenantRepository[] {
  return repositories
    .filter((one) => isIn(one, environment))
    .map((one) => ({
      name: nameOf(one),
      url: one.url,
      path: one.path ?? 'deploy',
      revision: one.revision ?? 'main',
      private: one.private ?? false,
    }))
    .sort((a, b) => compareText(a.name, b.name));
}

/** Every repository must be on a host that Argo CD reaches, be nobody else's, and deploy a directory once. */
export function checkRepositories(
  claimant: Claimant,
  environments: readonly string[],
  platform: PlatformProps,
  owners: RepositoryOwners,
): void {
  const { repositories = [] } = claimant.props;
  if (repositories.length === 0) return;
  const hosts = gitHostsOf(platform);
  const ours = [platform.gitops.url, platform.gitops.publishTo ?? '']
    .filter((url) => url !== '' && url !== 'embedded')
    .map(repositoryKey);
  const names = new Map<string, number>();
  const directories = new Map<string, number>();
  repositories.forEach((repository, i) => {
    const { url } = repository;
    checkHost(claimant, i, url, hosts);
    checkOwner(claimant, i, url, ours, owners);
    checkScope(claimant, i, repository, environments);
    const name = nameOf(repository);
    const sameName = names.get(name);
    const at = `${repositoryKey(url)}:${repository.path ?? 'deploy'}`;
    const twice = environments
      .filter((environment) => isIn(repository, environment))
      .map((environment) => ({ environment, first: directories.get(`${at}/${environment}`) }))
      .find(({ first }) => first !== undefined);
    if (twice) {
      claimant.fault(['repositories', i], {
        rule: 'duplicate-repository',
        value: url,
        message: `deploys the same directory as repositories[${twice.first ?? 0}] to environment '${twice.environment}'`,
        fix: 'remove one of them, or give each its own `path` or `environments`',
      });
    } else if (sameName !== undefined) {
      claimant.fault(['repositories', i, 'name'], {
        rule: 'duplicate-repository',
        value: name,
        message: `'${name}' is the name of repositories[${sameName}] too`,
        fix: `give it another \`name\`${repository.name === undefined ? ' than the last part of its URL' : ''}`,
      });
    }
    names.set(name, sameName ?? i);
    for (const environment of environments) {
      if (isIn(repository, environment) && !twice) directories.set(`${at}/${environment}`, i);
    }
  });
}

function nameOf({ name, url }: Repository): string {
  return name ?? (toLabel(repositoryName(url), NAME_LENGTH) || 'repository');
}

function checkHost(claimant: Claimant, i: number, url: string, hosts: readonly string[]): void {
  const endpoint = gitEndpoint(url);
  // Where the platform's own repository is on the machine, so may be the teams'.
  if (endpoint === undefined ? hosts.length === 0 : hosts.includes(endpoint)) return;
  const shown = hosts.filter((host) => !host.endsWith(':22')).map((host) => host.replace(/:443$/, ''));
  claimant.fault(['repositories', i, 'url'], {
    rule: 'git-host',
    value: url,
    message:
      endpoint === undefined
        ? 'is a directory of the machine that Argo CD runs on'
        : `Argo CD gets nothing from '${endpoint.replace(/:443$/, '')}'`,
    fix: `write a repository on ${showList(shown.length > 0 ? shown : ['the machine itself'], 'or')}, or let the platform team add the host to \`gitHosts\` in platform.ts`,
  });
}

function checkOwner(
  claimant: Claimant,
  i: number,
  url: string,
  ours: readonly string[],
  owners: RepositoryOwners,
): void {
  const key = repositoryKey(url);
  const owner = owners.get(key);
  const path = ['repositories', i, 'url'];
  if (ours.includes(key)) {
    claimant.fault(path, {
      rule: 'foreign-repository',
      value: url,
      message: "is the platform's own GitOps repository",
      fix: "write the team's own repository",
    });
  } else if (owner && owner.name !== claimant.name) {
    claimant.fault(path, {
      rule: 'foreign-repository',
      value: url,
      message: `is the repository of tenant '${owner.name}' (${owner.file})`,
      fix: 'write a repository of its own: what is merged there would deploy for both',
    });
  }
}

function checkScope(claimant: Claimant, i: number, { environments = [] }: Repository, known: readonly string[]): void {
  environments.forEach((environment, j) => {
    if (known.includes(environment)) return;
    claimant.fault(['repositories', i, 'environments', j], {
      rule: 'unknown-environment',
      value: environment,
      message: `'${environment}' is no environment of this tenant`,
      fix: suggest(environment, known),
    });
  });
}
