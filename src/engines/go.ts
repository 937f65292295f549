import { chmod, copyFile, cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { unpackPackages } from './debian';
import { run } from './run';
import type { CLibrary, GoSource } from './source';

/** `-mod=mod` lets the throw-away go.mod complete itself; whatever GOFLAGS the user has must not forbid that. */
const GO_ENV = { GOFLAGS: '-mod=mod -buildvcs=false', CGO_ENABLED: '0', GO111MODULE: 'on', GOWORK: 'off' };

/** What `goModule` is told besides module and version. */
export interface GoModuleOptions {
  /** The module's `h1:` digest. Then it, and not the public checksum database, decides. @default - the database */
  readonly sum?: string;
  /** Environment to run Go in. @default - the process's own */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Downloads a Go module and returns the (read-only) directory it lies in.
 * Rejects when Go is missing, the module cannot be had, or its content is not the expected one.
 */
export async function goModule(module: string, version: string, options: GoModuleOptions = {}): Promise<string> {
  const { env = process.env } = options;
  const pinned = options.sum ? { GONOSUMDB: module } : {};
  const answer = await inFolder((folder) =>
    run('go', ['mod', 'download', '-json', `${module}@${version}`], {
      cwd: folder,
      env: { ...env, ...GO_ENV, ...pinned },
    }).catch((error: Error) => {
      throw new Error(`Go module ${module}@${version}: ${reasonOf(error)}`, { cause: error });
    }),
  );
  const { Dir: directory, Sum: sum } = JSON.parse(answer) as { Dir: string; Sum: string };
  if (options.sum && options.sum !== sum) {
    throw new Error(`Go module ${module}@${version}: its digest is ${sum}, expected ${options.sum}`);
  }
  return directory;
}

/**
 * Builds an engine into `file` by a throw-away module that requires the engine's own at its exact version.
 * (`go install package@version` refuses modules whose go.mod replaces anything.)
 */
export async function buildWithGo(source: GoSource, version: string, file: string, env = process.env): Promise<void> {
  const own = source.version ?? `v${version}`;
  const directory = await goModule(source.module, own, { env });
  const goMod = await readFile(path.join(directory, 'go.mod'), 'utf8');
  await inFolder(async (folder) => {
    const lines = [
      'module keelson.dev/engine',
      `go ${/^go (\S+)$/m.exec(goMod)?.[1] ?? '1.24'}`,
      `require ${source.module} ${own}`,
      ...replacements(goMod, source.localReplacements).map((line) => `replace ${line}`),
    ];
    await writeFile(path.join(folder, 'go.mod'), `${lines.join('\n')}\n`);
    await copyFile(path.join(directory, 'go.sum'), path.join(folder, 'go.sum'));
    const { library } = source;
    const compiler = library ? await compilerFor(library, folder, env) : {};
    const tags = source.tags ? ['-tags', source.tags.join(',')] : [];
    const linker = [
      '-s -w',
      ...Object.entries(source.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`),
      ...(library ? ['-extldflags -static'] : []),
    ].join(' ');
    await run('go', ['build', '-trimpath', ...tags, '-ldflags', linker, '-o', file, source.package], {
      cwd: folder,
      env: { ...env, ...GO_ENV, ...compiler },
    });
  });
  for (const name of source.folders ?? [])
    await copyFolder(path.join(directory, name), path.join(path.dirname(file), name));
}

/** Where modules and what is compiled of them are kept: what a build fills. Empty without Go. */
export async function goFolders(env = process.env): Promise<string[]> {
  const answer = await run('go', ['env', 'GOCACHE', 'GOMODCACHE'], { env }).catch(() => '');
  return answer.split('\n').filter((line) => path.isAbsolute(line));
}

/** The environment in which a C library is found: the machine's own, else Debian's packages, unpacked into `folder`. */
async function compilerFor(library: CLibrary, folder: string, env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const withC = { CGO_ENABLED: '1' };
  const has = await run('pkg-config', ['--exists', library.name], { env }).then(
    () => true,
    () => false,
  );
  if (has) return withC;
  const root = path.join(folder, 'library');
  await unpackPackages(library.packages, root, env).catch((error: Error) => {
    throw new Error(`${library.name} for C is missing, and its packages could not be had: ${error.message}`);
  });
  const descriptions = await readdir(root, { recursive: true });
  const description = descriptions.find((name) => path.basename(name) === `${library.name}.pc`);
  if (!description) throw new Error(`packages ${library.packages.join(', ')} hold no ${library.name}.pc`);
  return { ...withC, PKG_CONFIG_SYSROOT_DIR: root, PKG_CONFIG_PATH: path.dirname(path.join(root, description)) };
}

/** Copies a folder of a module. Go keeps those read-only; a copy must be removable. */
async function copyFolder(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(to, { recursive: true, withFileTypes: true })) {
    await chmod(path.join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
}

/**
 * The replacements of a go.mod that a build outside its repository needs. Those that point to a folder of the
 * repository become the published module at `localVersion`, or are dropped where the plain requirement does.
 */
export function replacements(goMod: string, localVersion?: string): string[] {
  const result: string[] = [];
  for (const line of goMod.replace(/\/\/.*$/gm, '').split('\n')) {
    const [, from, to] = /^\s*(?:replace\s+)?(\S+(?: v\S+)?)\s+=>\s+(.+?)\s*$/.exec(line) ?? [];
    if (!from || !to) continue;
    if (!to.startsWith('.')) result.push(`${from} => ${to}`);
    else if (localVersion) result.push(`${from} => ${from} ${localVersion}`);
  }
  return result;
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'keelson-go-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function reasonOf(error: Error): string {
  const { error: failure, stdout } = error.cause as { error: NodeJS.ErrnoException; stdout: string };
  if (failure.code === 'ENOENT') return 'Go is not installed (https://go.dev/dl/)';
  const told = /"Error": (".*")/.exec(stdout)?.[1];
  return told ? (JSON.parse(told) as string) : error.message;
}
