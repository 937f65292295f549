import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CIS_EXCEPTIONS } from '../../infra/control-plane/cis';
import { product } from '../support/platforms';

test('docs/CIS.md has a row for each exception, and no other', () => {
  const rows = readFileSync(join(product, 'docs', 'CIS.md'), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, ids = '']) => /^\d/.test(ids))
    .map(([, ids, reason, why]) => ({ ids: ids!.split(', '), reason, why }));
  expect(rows).toEqual(CIS_EXCEPTIONS);
});
