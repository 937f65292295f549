import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { stamp } from '../../../src/gitops/stamp';
import { treeFromFiles, type Tree } from '../../../src/gitops/tree';

/** Bodies of files by path, before they are stamped. */
export type Bodies = Record<string, string>;

export function configMap(namespace: string, name: string, value = 'one'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\ndata:\n  value: ${value}\n`;
}

/** A small tree: two clusters, an add-on and two tenants on each. */
export function exampleBodies(): Bodies {
  const bodies: Bodies = { 'README.md': '# GitOps\n' };
  for (const cluster of ['prod', 'dev']) {
    bodies[`clusters/${cluster}/root.yaml`] = configMap('argocd', 'root');
    bodies[`clusters/${cluster}/baseline/cilium/network.yaml`] = configMap('kube-system', 'network');
    for (const tenant of ['payments', 'search']) {
      bodies[`clusters/${cluster}/tenants/${tenant}/quota.yaml`] = configMap(tenant, 'quota');
      bodies[`clusters/${cluster}/tenants/${tenant}/network.yaml`] = configMap(tenant, 'network');
    }
  }
  return bodies;
}

/** A rendered tree: every file stamped. */
export function treeOf(bodies: Bodies): Tree {
  return treeFromFiles(new Map(Object.entries(bodies).map(([path, body]) => [path, stamp(path, body)])));
}

export function without(bodies: Bodies, prefix: string): Bodies {
  return Object.fromEntries(Object.entries(bodies).filter(([path]) => !path.startsWith(prefix)));
}

/** Directories of one test file, removed with `clean`. */
export class Workplace {
  private readonly root = mkdtempSync(join(tmpdir(), 'keelson-gitops-'));
  private count = 0;

  directory(): string {
    const path = join(this.root, String(this.count++));
    mkdirSync(path);
    return path;
  }

  clean(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Runs git as a person would, with an identity of its own. */
export function git(directory: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { cwd: directory, encoding: 'utf8', stdio: 'pipe' }).trim();
}

/** Every file of a revision with its text. */
export function filesAt(gitDir: string, revision: string): Map<string, string> {
  const show = (path: string): string =>
    execFileSync('git', ['show', `${revision}:${path}`], { cwd: gitDir, encoding: 'utf8' });
  return new Map([...idsAt(gitDir, revision).keys()].map((path) => [path, show(path)]));
}

/** Every file of a revision with git's name for its bytes. */
export function idsAt(gitDir: string, revision: string): Map<string, string> {
  const lines = git(gitDir, 'ls-tree', '-r', '--format=%(objectname) %(path)', revision).split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.slice(41), line.slice(0, 40)]));
}

/** Every file of a tree with its text. */
export function filesOf(tree: Tree): Map<string, string> {
  return new Map([...tree.files.keys()].map((path) => [path, tree.read(path).toString('utf8')]));
}

/** What a person does: clones the repository, changes files (null deletes), commits and pushes. */
export function commitByHand(place: Workplace, repository: string, files: Record<string, string | null>): void {
  const clone = join(place.directory(), 'clone');
  git(dirname(clone), 'clone', '-q', repository, clone);
  for (const [path, content] of Object.entries(files)) {
    if (content === null) rmSync(join(clone, path));
    else {
      mkdirSync(dirname(join(clone, path)), { recursive: true });
      writeFileSync(join(clone, path), content);
    }
  }
  git(clone, 'add', '-A');
  git(clone, 'commit', '-qm', 'By hand');
  git(clone, 'push', '-q', 'origin', 'HEAD:main');
}
