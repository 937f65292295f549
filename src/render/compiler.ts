import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform, transformSync, version } from 'esbuild';
import { digest, Kept } from './kept';

const OPTIONS = { loader: 'ts', format: 'cjs', target: 'node20', platform: 'node' } as const;

/** Files under compilation at a time: enough for every processor, few enough for their texts to fit. */
const AT_ONCE = 64;

/**
 * Makes JavaScript of the team's TypeScript. What it made is kept by the digest of its source, since compiling ten
 * thousand tenants costs seconds and running them does not.
 */
export class Compiler {
  private readonly kept: Kept;
  private readonly sources = new Map<string, string>();

  /** @param cacheDirectory @default - nothing is kept for the next run */
  constructor(cacheDirectory?: string) {
    this.kept = new Kept(cacheDirectory && join(cacheDirectory, 'user-code.json'));
  }

  /**
   * Compiles files before they are asked for, several at once: asked one by one, each would start a process of its
   * own. One that cannot be read or compiled is left for whoever asks for it, who knows how to tell.
   */
  async ahead(paths: readonly string[]): Promise<void> {
    let next = 0;
    const work = async (): Promise<void> => {
      for (let path = paths[next++]; path !== undefined; path = paths[next++]) await this.tryAhead(path);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  /** The text of a file. Throws what reading it throws. */
  read(path: string): string {
    return this.sources.get(path) ?? readFileSync(path, 'utf8');
  }

  /** A file's JavaScript. Throws esbuild's TransformFailure where it is no TypeScript. */
  compile(path: string, source: string): string {
    const key = keyOf(source);
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const { code } = transformSync(source, { ...OPTIONS, sourcefile: path });
    this.kept.put(key, code);
    return code;
  }

  /** The source map of a file's JavaScript. */
  map(path: string): string {
    return transformSync(this.read(path), { ...OPTIONS, sourcefile: path, sourcemap: 'external' }).map;
  }

  /** Keeps what was used for the next run. */
  save(): void {
    this.kept.save();
  }

  private async tryAhead(path: string): Promise<void> {
    try {
      const source = readFileSync(path, 'utf8');
      this.sources.set(path, source);
      const key = keyOf(source);
      if (this.kept.get(key) !== undefined) return;
      const { code } = await transform(source, { ...OPTIONS, sourcefile: path, logLevel: 'silent' });
      this.kept.put(key, code);
    } catch {
      // Told where it is asked for.
    }
  }
}

function keyOf(source: string): string {
  return digest(`${version}\0${source}`);
}
