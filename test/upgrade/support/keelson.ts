import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { OWNERSHIP_FILE } from '../../../src/upgrade/ownership';

/** Contents by path; `undefined` removes a file. */
export type Files = Readonly<Record<string, string | undefined>>;

/** The package.json of the small Keelson below. */
export const manifest = {
  name: 'keelson',
  version: '1.0.0',
  scripts: { start: 'node bin/keelson.cjs publish', test: 'jest' },
  dependencies: { cdk8s: '2.70.0', chalk: '5.6.2' },
  devDependencies: { jest: '30.0.0' },
};

/** A repository on the disk: a Keelson, or a platform. */
export class Repository {
  constructor(readonly root: string) {}

  git(...args: string[]): string {
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', [...identity, ...args], { cwd: this.root, encoding: 'utf8', stdio: 'pipe' }).trim();
  }

  write(files: Files): this {
    for (const [path, text] of Object.entries(files)) {
      const place = join(this.root, path);
      if (text === undefined) {
        rmSync(place, { recursive: true });
        continue;
      }
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, text);
    }
    return this;
  }

  commit(files: Files = {}): this {
    this.write(files);
    this.git('add', '--all');
    this.git('commit', '-q', '-m', 'change');
    return this;
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  json(path: string): Record<string, unknown> {
    return JSON.parse(this.read(path)) as Record<string, unknown>;
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  /** Every file of the work tree by path, as bytes in Latin-1, with git's own state left out. */
  snapshot(): Record<string, string> {
    const files = readdirSync(this.root, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => relative(this.root, join(one.parentPath, one.name)))
      .filter((path) => !path.startsWith('.git/'));
    return Object.fromEntries(files.map((path) => [path, readFileSync(join(this.root, path), 'latin1')]));
  }
}

/** Folders of one test file, removed with `clean`. */
export class Yard {
  private readonly root = mkdtempSync(join(tmpdir(), 'keelson-upgrade-test-'));
  private count = 0;

  clean(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  folder(): string {
    const path = join(this.root, String(this.count++));
    mkdirSync(path);
    return path;
  }

  /** A small Keelson at version 1.0.0, with the real table of who owns what. */
  keelson(): Repository {
    const repository = new Repository(this.folder());
    repository.git('init', '-q', '--initial-branch=main');
    mkdirSync(join(repository.root, dirname(OWNERSHIP_FILE)), { recursive: true });
    copyFileSync(join(__dirname, '../../..', OWNERSHIP_FILE), join(repository.root, OWNERSHIP_FILE));
    repository.commit({
      '.gitignore': '.keelson/\nnode_modules/\n*.local\n',
      'package.json': packageJson(),
      'package-lock.json': '{}\n',
      'README.md': '# Keelson\n',
      'platform.ts': 'export const platform = 1;\n',
      'tenants/payments.ts': 'export const tenant = 1;\n',
      'bin/keelson.cjs': '#!/usr/bin/env node\n',
      'charts/baseline/loki.ts': 'export const loki = 1;\n',
      'charts/baseline/tempo.ts': 'export const tempo = 1;\n',
      'src/old/only.ts': 'export const old = 1;\n',
      'src/main.ts': 'export const main = 1;\n',
    });
    repository.git('tag', 'v1.0.0');
    return repository;
  }

  /** A platform that a team made from it: a clone with its own history on top. */
  platform(keelson: Repository, own: Files = {}): Repository {
    const root = this.folder();
    keelson.git('clone', '-q', keelson.root, root);
    const platform = new Repository(root);
    return Object.keys(own).length > 0 ? platform.commit(own) : platform;
  }
}

/** package.json with some of its fields otherwise. */
export function packageJson(change: object = {}): string {
  return `${JSON.stringify({ ...manifest, ...change }, null, 2)}\n`;
}
