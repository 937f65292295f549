import { existsSync, realpathSync, statSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { types } from 'node:util';
import { compileFunction } from 'node:vm';
import type { TransformFailure } from 'esbuild';
import type { Finding } from '../model/finding';
import type { Compiler } from './compiler';
import { PRODUCT_ROOT } from './product';

/** Folders of the product: user code that imports from them gets the very modules that Keelson itself runs. */
const PRODUCT_FOLDERS = ['src', 'charts', 'policies', 'infra', 'node_modules'].map(
  (folder) => join(PRODUCT_ROOT, folder) + sep,
);

/** A file of the team's that cannot be compiled, or throws, told as findings. */
export class UserCodeError extends Error {
  constructor(readonly findings: readonly Finding[]) {
    super(findings.map(({ file, message }) => `${file}: ${message}`).join('\n'));
  }
}

type Exports = Record<string, unknown>;

/**
 * Loads the team's TypeScript files, each once, as CommonJS modules of its own: a new instance runs them anew, so that
 * several platforms can be loaded in one process, and a file that is broken takes no other along.
 */
export class UserCode {
  private readonly modules = new Map<string, { exports: Exports }>();
  private readonly failures = new Map<string, unknown>();
  /** Files that imports mean, by the path that they spell: most tenants import the same two. */
  private readonly targets = new Map<string, string | undefined>();
  private readonly root: string;

  /** @param around runs each file's code, by the file's name relative to the root */
  constructor(
    root: string,
    private readonly around: (file: string, run: () => void) => void,
    private readonly compiler: Compiler,
  ) {
    // Links are followed everywhere, so that a file has one name and the product's own modules are known as such.
    this.root = realpathSync(root);
  }

  /** Runs a file, named relative to the root, and gives its exports. Throws what it throws, as UserCodeError. */
  require(file: string): Exports {
    return this.run(resolve(this.root, file));
  }

  private run(path: string): Exports {
    const loaded = this.modules.get(path);
    if (loaded) {
      // Whoever imports a file that failed fails with it, for the same reason.
      if (this.failures.has(path)) throw this.failures.get(path);
      return loaded.exports;
    }
    const module = { exports: {} as Exports };
    this.modules.set(path, module);
    try {
      const source = this.compiler.read(path);
      if (path.endsWith('.json')) {
        module.exports = JSON.parse(source) as Exports;
        return module.exports;
      }
      const code = this.compile(path, source);
      const run = compileFunction(code, ['exports', 'require', 'module', '__filename', '__dirname'], {
        filename: path,
      }) as (...args: unknown[]) => void;
      this.around(this.name(path), () =>
        run(module.exports, (id: string) => this.import(id, path), module, path, dirname(path)),
      );
      return module.exports;
    } catch (error) {
      const failure = error instanceof UserCodeError ? error : new UserCodeError([this.thrown(path, error)]);
      this.failures.set(path, failure);
      throw failure;
    }
  }

  private import(id: string, from: string): unknown {
    if (!id.startsWith('.')) return require(id);
    const spelled = resolve(dirname(from), id);
    if (!this.targets.has(spelled)) this.targets.set(spelled, findFile(spelled));
    const target = this.targets.get(spelled);
    if (target === undefined) {
      throw new Error(`cannot find '${id}' from ${this.name(from)}`);
    }
    return PRODUCT_FOLDERS.some((folder) => target.startsWith(folder)) ? require(target) : this.run(target);
  }

  private compile(path: string, source: string): string {
    try {
      return this.compiler.compile(path, source);
    } catch (error) {
      const { errors = [] } = error as Partial<TransformFailure>;
      if (errors.length === 0) throw error;
      throw new UserCodeError(
        errors.map(({ text, location }) => ({
          rule: 'config/syntax',
          severity: 'error',
          file: this.name(path),
          ...(location ? { line: location.line } : {}),
          message: `is not TypeScript: ${text}`,
        })),
      );
    }
  }

  private thrown(path: string, error: unknown): Finding {
    const line = this.lineOf(path, error);
    return {
      rule: 'config/throws',
      severity: 'error',
      file: this.name(path),
      ...(line === undefined ? {} : { line }),
      message: types.isNativeError(error) ? error.message : `throws ${String(error)}`,
    };
  }

  /** The line of the source that an error was thrown at, by compiling the file again with its map. */
  private lineOf(path: string, error: unknown): number | undefined {
    const stack = types.isNativeError(error) ? (error.stack ?? '') : '';
    const at = stack.indexOf(`${path}:`);
    const place = at < 0 ? null : /^:(\d+):(\d+)/.exec(stack.slice(at + path.length));
    if (!place) return undefined;
    const entry = new SourceMap(JSON.parse(this.compiler.map(path))).findEntry(
      Number(place[1]) - 1,
      Number(place[2]) - 1,
    );
    return 'originalLine' in entry ? entry.originalLine + 1 : undefined;
  }

  private name(path: string): string {
    return relative(this.root, path).split(sep).join('/');
  }
}

/** The file that a relative import means, as TypeScript finds it. */
function findFile(path: string): string | undefined {
  const candidates = [
    path,
    `${path}.ts`,
    path.replace(/\.js$/, '.ts'),
    `${path}.js`,
    `${path}.json`,
    join(path, 'index.ts'),
    join(path, 'index.js'),
  ];
  const found = candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
  return found === undefined ? undefined : realpathSync(found);
}
