import { readFileSync } from 'node:fs';
import path from 'node:path';
import { costTable, estimateCost } from '../../infra/aws/cost';
import { DESTROY_ORDER } from '../../infra/aws/destroy-order';
import { platform } from '../../platform';
import { describeControlPlane } from '../../src/model/control-plane';
import { CLUSTER } from './support/aws-props';

/** Without the widths that the formatter gives to tables. */
const plain = (text: string) => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---');
const page = plain(readFileSync(path.resolve(__dirname, '../../docs/AWS.md'), 'utf8'));

describe('docs/AWS.md', () => {
  test('has the estimate as it is computed', () => {
    const table = costTable(estimateCost(CLUSTER, describeControlPlane(platform.props.clusters.production!)));
    for (const line of table.split('\n')) if (!/^\|[ -]*---/.test(line)) expect(page).toContain(plain(line));
  });

  test('has every step of taking a cluster down, in its order', () => {
    const places = DESTROY_ORDER.map(({ title }) => page.indexOf(title));
    expect(places.filter((place) => place < 0)).toEqual([]);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    for (const command of DESTROY_ORDER.flatMap(({ commands }) => commands)) expect(page).toContain(command);
  });

  test('says that it was never run', () => {
    expect(page).toMatch(/never been run against AWS/i);
  });
});
