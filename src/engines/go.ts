import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from './run';
import type { GoSource } from './table';

/** `-mod=mod` lets the throw-away go.mod complete itself; whatever GOFLAGS the user has must not forbid that. */
const GO_ENV = { GOFLAGS: '-mod=mod -buildvcs=false', CGO_ENABLED: '0', GO111MODULE: 'on', GOWORK: 'off' };

/** What `goModule` is told besides module and version. */
export interface GoModuleOptions {
  /** The module's `h1:` digest. Then it, and not the public checksum database, decides. @default - the database */
  readonly sum?: string;
}

/**
 * Downloads a Go module and returns the (read-only) directory it lies in.
 * Rejects when Go is missing, the module cannot be had, or its content is not the expected one.
 */
export async function goModule(module: string, version: string, options: GoModuleOptions = {}): Promise<string> {
  const pinned = options.sum ? { GONOSUMDB: module } : {};
  const answer = await inFolder((folder) =>
    run('go', ['mod', 'download', '-json', `${module}@${version}`], {
      cwd: folder,
      env: { ...process.env, ...GO_ENV, ...pinned },
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
export async function buildWithGo(source: GoSource, file: string): Promise<void> {
  const directory = await goModule(source.module, source.version);
  const own = await readFile(path.join(directory, 'go.mod'), 'utf8');
  await inFolder(async (folder) => {
    const lines = [
      'module keelson.dev/engine',
      `go ${/^go (\S+)$/m.exec(own)?.[1] ?? '1.24'}`,
      `require ${source.module} ${source.version}`,
      ...replacements(own, source.localReplacements).map((line) => `replace ${line}`),
    ];
    await writeFile(path.join(folder, 'go.mod'), `${lines.join('\n')}\n`);
    await copyFile(path.join(directory, 'go.sum'), path.join(folder, 'go.sum'));
    const variables = Object.entries(source.variables ?? {}).map(([name, value]) => ` -X ${name}=${value}`);
    const tags = source.tags ? ['-tags', source.tags.join(',')] : [];
    await run(
      'go',
      ['build', '-trimpath', ...tags, '-ldflags', `-s -w${variables.join('')}`, '-o', file, source.package],
      {
        cwd: folder,
        env: { ...process.env, ...GO_ENV },
      },
    );
  });
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
