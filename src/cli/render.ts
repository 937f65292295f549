import { resolve } from 'node:path';
import type { Rendering } from '../render';
import { type CommonOptions, withProgress } from './output';

const WORDS = { load: 'reading declarations', resolve: 'resolving', render: 'rendering and checking' } as const;

/** Renders the platform with progress on a terminal. */
export async function renderWithProgress(options: CommonOptions & { readonly cache?: boolean }): Promise<Rendering> {
  const { renderPlatform } = require('../render') as typeof import('../render');
  return withProgress(options, 'Render', (tell) =>
    renderPlatform({
      root: resolve(options.root),
      cache: options.cache !== false,
      progress: (stage, done, all) => tell(all > 1 ? `${WORDS[stage]} (${done} of ${all})` : WORDS[stage]),
    }),
  );
}

/** What a rendering was, as data for `--json`. */
export function renderingJson(rendering: Rendering): object {
  const { clusters, addOns, tenants, objects, units, reused, milliseconds, findings } = rendering;
  return {
    clusters,
    addOns,
    tenants,
    files: rendering.tree.files.size,
    objects,
    units,
    reused,
    milliseconds,
    findings,
  };
}
