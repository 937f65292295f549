import { join, resolve } from 'node:path';
import type { Target } from '../gitops/target';
import type { CommonOptions } from './output';

/** Options that say where the tree is, or will be, published. */
export interface TargetOptions extends CommonOptions {
  readonly to?: string;
  readonly branch?: string;
}

/** Where the platform publishes: what the command line says, else what platform.ts says, else the embedded repository. */
export function targetOf(
  options: TargetOptions,
  gitops?: { readonly publishTo?: string; readonly branch?: string },
): Target {
  const repository = options.to ?? gitops?.publishTo ?? 'embedded';
  const branch = options.branch ?? gitops?.branch;
  return {
    ...(repository === 'embedded' ? {} : { repository }),
    ...(branch === undefined ? {} : { branch }),
    state: join(resolve(options.root), '.keelson'),
  };
}
