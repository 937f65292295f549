import type { Flag, Host, Unit } from './host';

/** A flag with its reason: the CIS item (Kubernetes benchmark 1.12), Kubernetes document or measured fact. */
export function flag(name: string, value: string | number | boolean, why: string): Flag {
  return { name, value: String(value), why };
}

/** What a unit's program is started with, as typed: `--name=value`. */
export function flagsOf(unit: Pick<Unit, 'flags'>): readonly string[] {
  return unit.flags.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`));
}

/** One row of the table of flags. */
export interface FlagRow {
  readonly unit: string;
  readonly flag: string;
  /** As on the first host that has it. @default - the flag stands alone */
  readonly value?: string;
  readonly why: string;
  /** Hosts that have it, in their order. */
  readonly hosts: readonly string[];
}

/** Every flag of every unit with its reason, for an auditor; hosts that differ in a value share a row. */
export function documentFlags(hosts: readonly Host[]): readonly FlagRow[] {
  const rows = new Map<string, FlagRow>();
  for (const host of hosts) {
    for (const unit of host.units) {
      for (const { name, value, why } of unit.flags) {
        const key = `${unit.name} ${name}`;
        const known = rows.get(key);
        const first = { unit: unit.name, flag: name, ...(value === undefined ? {} : { value }), why, hosts: [] };
        const row = known ?? first;
        rows.set(key, { ...row, hosts: [...row.hosts, host.name] });
      }
    }
  }
  return [...rows.values()];
}

/** The same table in Markdown, a section a unit. */
export function flagsAsMarkdown(rows: readonly FlagRow[]): string {
  const units = [...new Set(rows.map(({ unit }) => unit))];
  return units.map((unit) => section(unit, rows)).join('\n');
}

function section(name: string, rows: readonly FlagRow[]): string {
  const cells = rows
    .filter(({ unit }) => unit === name)
    .map(({ flag, value = '', why }) => `| \`${flag}\` | ${value && `\`${cell(value)}\``} | ${cell(why)} |`);
  return [`## ${name}`, '', '| flag | value | why |', '| --- | --- | --- |', ...cells, ''].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
