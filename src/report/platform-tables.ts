import type { PlatformProps } from '../model/platform.generated';
import { CLAIM_VERSIONS } from '../model/claim-versions';
import { compareText } from '../model/finding';
import { backupOfClass, DATA_CLASSES, defaultQuota } from '../model/tenant-defaults';
import { markdownTable } from './markdown-table';

const START = '<!-- tables: written by `keelson reference` from platform.ts -->';
const END = '<!-- end of tables -->';

/** The page with the numbers of this platform between its two marks. Throws where it lacks them. */
export function withTables(page: string, platform: PlatformProps): string {
  const [from, to] = [page.indexOf(START), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/PLATFORM.md has lost its marks: put back ${START} and ${END}`);
  return `${page.slice(0, from + START.length)}\n\n${tables(platform)}\n${page.slice(to)}`;
}

function tables(platform: PlatformProps): string {
  const backups = DATA_CLASSES.map((dataClass) => {
    const { everyHours, rtoHours, keepDays } = backupOfClass(platform, dataClass);
    return [dataClass, `${everyHours} h`, `${rtoHours} h`, `${keepDays} days`];
  });
  const quotas = [false, true].map((production) => {
    const { cpu, memory, storage, pods } = defaultQuota(production);
    return [production ? 'production' : 'other', cpu, memory, storage, String(pods)];
  });
  const environments = Object.entries(platform.environments)
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, { cluster, production = false }]) => [name, cluster, production ? 'yes' : 'no']);
  const versions = CLAIM_VERSIONS.map(({ apiVersion, until }) => [
    `\`${apiVersion}\``,
    until === undefined ? 'current' : `read until ${until}`,
  ]);
  return [
    '### Data classes\n',
    markdownTable([['data class', 'lost at most (RPO)', 'back within (RTO)', 'kept'], ...backups]),
    '### Default quota of an environment\n',
    markdownTable([['environment', 'cores', 'memory', 'storage', 'Pods'], ...quotas]),
    '### Environments\n',
    markdownTable([['environment', 'cluster', 'production'], ...environments]),
    '### Versions of claims\n',
    markdownTable([['apiVersion', 'state'], ...versions]),
  ].join('\n');
}
