import type { Tree } from '../../../src/gitops/tree';
import { renderPlatform } from '../../../src/render';
import { platform } from '../../../platform';
import { claimFile, folderOf, objectIn, objectsIn, platformFile, told } from '../../support/platforms';

async function rendered(claims: Readonly<Record<string, string>>): Promise<Tree> {
  const files = Object.fromEntries(
    Object.entries(claims).map(([name, more]) => [
      `tenants/claims/${name}.yaml`,
      claimFile(name, `  environments: { prod: {} }\n${more}`),
    ]),
  );
  const root = folderOf({ 'platform.ts': platformFile(platform.props), ...files });
  const { tree, findings } = await renderPlatform({ root, cache: false });
  expect(told(findings)).toEqual([]);
  return tree;
}

const fileOf = (tenant: string) => `clusters/production/tenants/${tenant}/backups.yaml`;
const scheduleOf = (tree: Tree, tenant: string) => objectIn(tree, fileOf(tenant), 'Schedule', `${tenant}-prod`);

/** Hours between two runs at the most, over two months from the first of January on. */
function longestGap(cron: string): number {
  const [minute, hour, day] = cron.split(' ') as [string, string, string];
  const fits = (field: string, value: number, first: number) =>
    field === '*' ||
    (field.startsWith('*/') ? (value - first) % Number(field.slice(2)) === 0 : Number(field) === value);
  const start = Date.UTC(2027, 0, 1);
  const runs: number[] = [];
  for (let time = start; time < start + 60 * 24 * 3_600_000; time += 60_000) {
    const at = new Date(time);
    const now = fits(minute, at.getUTCMinutes(), 0) && fits(hour, at.getUTCHours(), 0) && fits(day, at.getUTCDate(), 1);
    if (now) runs.push(time / 3_600_000);
  }
  return Math.max(...runs.slice(1).map((run, i) => run - runs[i]!));
}

/** Tenants by their class, what else they ask for, and the hours and days that follow. */
const CLASSES = {
  open: ['public', '', 24, 14],
  house: ['internal', '', 24, 30],
  close: ['confidential', '', 6, 90],
  secret: ['restricted', '', 1, 365],
  often: ['internal', '  backup: { everyHours: 5, keepDays: 40 }\n', 5, 40],
  odd: ['internal', '  backup: { everyHours: 23 }\n', 23, 30],
} as const;
const STATES = { idle: '  state: suspended\n', leaving: '  state: removed\n', search: '' } as const;

let tree: Tree;
beforeAll(async () => {
  const classes = Object.entries(CLASSES).map(([name, [dataClass, more]]) => [
    name,
    `  dataClass: ${dataClass}\n${more}`,
  ]);
  tree = await rendered({ ...Object.fromEntries(classes), ...STATES } as Readonly<Record<string, string>>);
});

test.each(Object.entries(CLASSES))('Tenant %s is backed up as its class and its claim say', (name, row) => {
  const [, , hours, days] = row;
  const { metadata, spec } = scheduleOf(tree, name);
  expect(metadata).toMatchObject({ namespace: 'velero', labels: { tenant: name, environment: 'prod' } });
  expect(longestGap(spec.schedule as string)).toBeLessThanOrEqual(hours);
  expect(longestGap(spec.schedule as string)).toBeGreaterThan(hours / 2 - 1);
  expect(spec.template).toMatchObject({
    includedNamespaces: [`${name}-prod`],
    snapshotVolumes: true,
    snapshotMoveData: true,
    ttl: `${days * 24}h0m0s`,
  });
});

test('Tenants are not all backed up in the same minute', () => {
  const minutes = Object.keys({ ...CLASSES, ...STATES }).map(
    (name) => String(scheduleOf(tree, name).spec.schedule).split(' ')[0],
  );
  expect(new Set(minutes).size).toBeGreaterThan(6);
});

test('A suspended tenant is backed up, and a removed one once more at once', () => {
  expect(objectsIn(tree, fileOf('idle')).map(({ kind }) => kind)).toEqual(['Schedule']);
  expect(objectsIn(tree, fileOf('search')).map(({ kind }) => kind)).toEqual(['Schedule']);
  const { metadata, spec } = objectIn(tree, fileOf('leaving'), 'Backup', 'leaving-prod-last');
  expect(spec).toMatchObject({ includedNamespaces: ['leaving-prod'], ttl: '720h0m0s' });
  expect(metadata.annotations).toMatchObject({ 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' });
  expect(objectsIn(tree, fileOf('leaving')).map(({ kind }) => kind)).toContain('Schedule');
});
