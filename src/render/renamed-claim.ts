import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load as parseYaml } from 'js-yaml';
import { GitError, git } from '../gitops/git';
import type { Finding } from '../model/finding';
import { nameOf } from './file-finding';

interface Claim {
  readonly spec?: {
    readonly owner?: { readonly email?: unknown };
    readonly state?: unknown;
    readonly repositories?: readonly ({ readonly url?: unknown } | null)[];
  };
}

/**
 * Tells a claim that is another one under a new name: one that a revision of the platform's repository has, that is gone
 * now without having been removed, and that has the same owner or repository.
 * Throws where the revision is not known.
 */
export async function renamedClaim(root: string, file: string, base: string): Promise<readonly Finding[]> {
  const revision = await git(['-C', root, 'rev-parse', '--verify', '--quiet', `${base}^{commit}`]).catch(
    (error: unknown) => {
      if (error instanceof GitError)
        throw new Error(`${base} is no revision of the platform's repository: run git fetch, or name another`);
      throw error;
    },
  );
  const commit = revision.toString('latin1').trim();
  const listed = await git(['-C', root, 'ls-tree', '-z', '--name-only', commit, '--', 'tenants/claims/']);
  const before = listed
    .toString('utf8')
    .split('\0')
    .filter((path) => /\.ya?ml$/.test(path));
  if (before.includes(file)) return [];
  const now = traitsOf(readFileSync(join(root, file), 'utf8'));
  const findings: Finding[] = [];
  for (const gone of before.filter((path) => !existsSync(join(root, path)))) {
    const old = await git(['-C', root, 'show', `${commit}:./${gone}`]);
    const traits = traitsOf(old.toString('utf8'));
    const shared = traits.removed ? undefined : traits.all.find((trait) => now.all.includes(trait));
    if (shared === undefined) continue;
    findings.push({
      rule: 'tenant/renamed',
      severity: 'error',
      file,
      message: `seems to be ${gone} under another name: it has the same ${shared}, and a tenant cannot be renamed, since its namespaces and their data keep their names`,
      fix: `bring ${gone} back, move the data, then keelson tenant remove ${nameOf(gone)}`,
      unit: nameOf(file),
    });
  }
  return findings;
}

/** What tells whose a claim is; none of a file that is no claim. */
function traitsOf(text: string): { readonly all: readonly string[]; readonly removed: boolean } {
  let claim: Claim | null;
  try {
    claim = parseYaml(text) as Claim | null;
  } catch {
    return { all: [], removed: false };
  }
  const { owner, state, repositories } = claim?.spec ?? {};
  const urls = Array.isArray(repositories)
    ? repositories.flatMap((one) => (typeof one?.url === 'string' ? [`repository ${one.url}`] : []))
    : [];
  const email = typeof owner?.email === 'string' ? [`owner ${owner.email}`] : [];
  return { all: [...urls, ...email], removed: state === 'removed' };
}
