import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PublishError } from './publish-error';
import { redact } from './redact';

/** Where the tree is published. */
export interface Target {
  /** Any git URL or path. @default - the embedded repository, `gitops.git` in the state folder, made on the spot */
  readonly repository?: string;
  /** @default 'main' */
  readonly branch?: string;
  /** The folder for the embedded repository and for copies of remote ones. @default '.keelson' */
  readonly state?: string;
}

/** A target with its defaults, checked. */
export interface ResolvedTarget {
  /** URL or absolute path of a repository that is pushed to. @default - the embedded one */
  readonly url?: string;
  /** Directory of that repository where it is on this machine. */
  readonly localPath?: string;
  readonly branch: string;
  /** Absolute. */
  readonly state: string;
  /** For people: no credentials. */
  readonly label: string;
}

/** Fills in defaults and refuses names that git would read as something else. */
export function resolveTarget(target: Target): ResolvedTarget {
  const branch = target.branch ?? 'main';
  const state = resolve(target.state ?? '.keelson');
  const label = target.repository === undefined ? resolve(state, 'gitops.git') : redact(target.repository);
  // The rules of git-check-ref-format, without its rarities.
  if (!/^[A-Za-z0-9_][A-Za-z0-9._/+-]*$/.test(branch) || /\.\.|\/\/|\/\.|\.lock(\/|$)|[./]$/.test(branch)) {
    throw new PublishError(
      'gitops/branch',
      label,
      `${JSON.stringify(branch)} is no branch name`,
      'write one such as main',
    );
  }
  if (target.repository === undefined) return { branch, state, label };
  const repository = target.repository;
  if (/^$|^-|\s|::/.test(repository)) {
    throw new PublishError('gitops/url', label, 'this is no git URL', 'write ssh://, https:// or file:// and a path');
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(repository)?.[1]?.toLowerCase();
  if (scheme === 'file') return { url: repository, localPath: fileURLToPath(repository), branch, state, label };
  // Without a scheme a colon before any slash means host:path, unless there is such a file.
  const remote = scheme !== undefined || (/^[^/]+:/.test(repository) && !existsSync(repository));
  if (remote) return { url: repository, branch, state, label };
  const localPath = resolve(repository);
  return { url: localPath, localPath, branch, state, label: localPath };
}
