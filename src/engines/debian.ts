import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from './run';
import type { DebianSource } from './source';

/** How long apt may take with its lists, and with the packages, in milliseconds. */
const APT_TIMEOUT = 300_000;

/**
 * Makes a program out of Debian's or Ubuntu's packages, as any user: nothing is installed, the packages and the
 * libraries that the machine lacks are unpacked beside `file`, which becomes a script that starts the program with
 * them. apt verifies what it downloads against the keys that the machine trusts.
 */
export async function fetchDebianPackage(
  { packages, program }: DebianSource,
  file: string,
  env = process.env,
): Promise<void> {
  const root = path.join(path.dirname(file), 'root');
  await unpackPackages(packages, root, env);
  await stat(path.join(root, program)).catch(() => {
    throw new Error(`packages ${packages.join(', ')} hold no ${program}`);
  });
  const libraries = (await libraryFolders(root)).map((folder) => `$root/${folder}`).join(':');
  const lines = [
    '#!/bin/sh',
    'own=$(readlink -f "$0")',
    'root=${own%/*}/root',
    ...(libraries ? [`export LD_LIBRARY_PATH="${libraries}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"`] : []),
    // The process takes the program's name, and signals reach it.
    `exec "$root/${program}" "$@"`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  await chmod(file, 0o755);
}

/** Unpacks packages, and what they depend on and the machine lacks, into a new folder `root`. */
export async function unpackPackages(packages: readonly string[], root: string, env = process.env): Promise<void> {
  const own = await mkdtemp(path.join(path.dirname(root), 'apt-'));
  try {
    await mkdir(path.join(own, 'lists', 'partial'), { recursive: true });
    await mkdir(path.join(own, 'cache', 'archives', 'partial'), { recursive: true });
    const options = [
      `Dir::State::lists=${path.join(own, 'lists')}`,
      `Dir::Cache=${path.join(own, 'cache')}`,
      'Dir::Cache::archives=archives',
      'Debug::NoLocking=1',
      'Acquire::Languages=none',
      // Root need not become another user, who could not write here.
      'APT::Sandbox::User=root',
    ].flatMap((option) => ['-o', option]);
    await apt([...options, '-qq', 'update'], env);
    const wanted = ['--download-only', '--reinstall', '--no-install-recommends', ...packages];
    await apt([...options, '-qq', '-y', 'install', ...wanted], env);
    const archives = path.join(own, 'cache', 'archives');
    for (const name of await readdir(archives)) {
      if (name.endsWith('.deb')) await run('dpkg-deb', ['-x', path.join(archives, name), root], { env });
    }
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

async function apt(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  await run('apt-get', args, { env: quiet, timeout: APT_TIMEOUT }).catch((error: Error) => {
    const { error: failure } = error.cause as { error: NodeJS.ErrnoException };
    if (failure.code === 'ENOENT') throw new Error('this machine has no apt-get');
    throw error;
  });
}

/** Folders below `root` that hold shared libraries, relative to it. */
async function libraryFolders(root: string): Promise<string[]> {
  const files = await readdir(root, { recursive: true, withFileTypes: true });
  const folders = files
    .filter(({ name }) => /\.so(\.|$)/.test(name))
    .map(({ parentPath }) => path.relative(root, parentPath))
    .filter((folder) => /^(usr\/)?lib(\/[^/]+-linux-gnu[^/]*)?$/.test(folder));
  return [...new Set(folders)].sort();
}
