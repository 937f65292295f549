import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { product } from '../support/platforms';

const PAGES = ['docs/THREAT_MODEL.md', 'docs/CLUSTER_BASELINE.md'];

describe('files that documents name', () => {
  test.each(PAGES)('%s names such as there are', (page) => {
    const text = readFileSync(join(product, page), 'utf8');
    expect(namedFiles(text).length).toBeGreaterThan(30);
    expect(missing(text)).toEqual([]);
  });

  test('are told when they are not there, wherever a row names them', () => {
    expect(
      missing('| `infra/control-plane/pki.ts`, `nothing.ts` | `test/e2e/none.test.ts` |\n`infra/none/` `pki.ts`'),
    ).toEqual(['infra/control-plane/nothing.ts', 'test/e2e/none.test.ts', 'infra/none/']);
  });
});

function missing(text: string): string[] {
  return namedFiles(text).filter((file) => !existsSync(join(product, file)));
}

/** Files between backticks; a bare name is beside the one before it in its cell. */
function namedFiles(text: string): string[] {
  return text.split(/[|\n]/).flatMap((cell) => {
    let folder: string | undefined;
    return [...cell.matchAll(/`([\w./-]+)`/g)].flatMap(([, name = '']) => {
      if (/^(infra|src|charts|test|docs|bin)\//.test(name)) {
        folder = name.endsWith('/') ? undefined : dirname(name);
        return [name];
      }
      return folder !== undefined && /^[\w-]+(\.test)?\.ts$/.test(name) ? [`${folder}/${name}`] : [];
    });
  });
}
