import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { claimFile, type Files, folderOf, product, smallPlatform } from '../../support/platforms';

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const program = join(product, 'bin', 'keelson.cjs');

/** Runs the command line in a process of its own. */
export function keelson(args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    cwd: options.cwd ?? product,
    env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: undefined, ...options.env },
    maxBuffer: 1 << 28,
  });
  return { code: status, stdout, stderr };
}

/** A small platform with one tenant, `shop`. */
export const platform = (files: Files = {}): string =>
  folderOf(smallPlatform({ 'tenants/claims/shop.yaml': claimFile('shop'), ...files }));

/** Text that colours, moves or hides. */
// eslint-disable-next-line no-control-regex
export const ESCAPE = /\u001b/;

/** Every file of a folder, without Keelson's own state. */
export function everyFile(folder: string, below = ''): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below ? `${below}/${entry.name}` : entry.name;
    if (entry.name === '.keelson') return [];
    return entry.isDirectory() ? everyFile(folder, path) : [path];
  });
}
