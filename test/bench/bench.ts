import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measure, type Usage } from './measure';
import { BenchPlatform, type Form, product } from './platform';

/** Tenants above which cdk8s' own synthesis, whose time grows with their square, is not waited for. */
const SYNTH_LIMIT = 1000;

interface Row extends Usage {
  readonly tenants: number;
  readonly form: Form;
  readonly what: string;
  /** Objects that each tenant has at least; 0 where the run leaves no files to count in. */
  readonly objects: number;
}

const COLD = 'render, check, write; no cache';

const { values } = parseArgs({
  options: {
    tenants: { type: 'string', default: '100,1000,10000' },
    runs: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const rows: Row[] = [];
  for (const tenants of values.tenants.split(',').map(Number)) {
    for (const form of ['yaml', 'typescript'] as const) rows.push(...(await bench(tenants, form)));
  }
  const report = { machine: machine(), rows, ratios: ratios(rows) };
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : markdown(report));
}

/** All measurements of one size. Each takes the median run by the clock. */
async function bench(tenants: number, form: Form): Promise<Row[]> {
  process.stderr.write(`${tenants} tenants, ${form}\n`);
  const platform = new BenchPlatform(tenants, form);
  const { root } = platform;
  const tree = join(root, 'tree');
  const keelson = (...args: string[]) => [join(product, 'bin', 'keelson.cjs'), ...args, '--quiet'];
  const forget = (...folders: string[]) => {
    for (const folder of folders) rmSync(join(root, folder), { recursive: true, force: true });
  };
  const rows: Row[] = [];
  const row = async (what: string, args: string[], prepare: () => void, objects = () => 0): Promise<void> => {
    const runs: Usage[] = [];
    for (let i = 0; i < Number(values.runs); i++) {
      prepare();
      const { wall, cpu, memory } = await measure(root, args);
      runs.push({ wall, cpu, memory });
    }
    const median = runs.sort((a, b) => a.wall - b.wall)[Math.floor(runs.length / 2)];
    if (median) rows.push({ tenants, form, what, ...median, objects: objects() });
  };
  try {
    const render = keelson('render', '--out', tree);
    await row(
      COLD,
      render,
      () => forget('.keelson', 'tree'),
      () => leastObjects(tree),
    );
    await row('publish; no cache, nothing published', keelson('publish'), () => forget('.keelson'));
    await row('render, nothing changed', render, () => undefined);
    await row('publish, nothing changed', keelson('publish'), () => undefined);
    await row('render, one tenant added', render, () => platform.addTenant(form));
    await row('diff, one tenant added', keelson('diff'), () => platform.addTenant(form));
    await row('publish, one tenant added', keelson('publish'), () => platform.addTenant(form));
    if (form === 'yaml' && tenants <= SYNTH_LIMIT) {
      const synth = [join(product, 'bin', 'run-ts.cjs'), join(__dirname, 'synth.ts'), root];
      await row('cdk8s App.synth(), tenants alone, no checks', synth, () => forget('tree'));
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return rows;
}

/** The least number of objects that any of the first tenants has, on all clusters together. */
function leastObjects(tree: string): number {
  const clusters = readdirSync(join(tree, 'clusters')).map((name) => join(tree, 'clusters', name, 'tenants'));
  const counts = new Map<string, number>();
  for (const directory of clusters) {
    for (const name of list(directory).slice(0, 100)) {
      const files = readdirSync(join(directory, name), { recursive: true, withFileTypes: true });
      for (const file of files.filter((entry) => entry.isFile())) {
        const objects = readFileSync(join(file.parentPath, file.name), 'utf8').match(/^kind: /gm)?.length ?? 0;
        counts.set(name, (counts.get(name) ?? 0) + objects);
      }
    }
  }
  return Math.min(...counts.values());
}

function list(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function machine(): Readonly<Record<string, string>> {
  return {
    processors: `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    // Whatever else runs makes every number worse.
    load: loadavg()[0]?.toFixed(1) ?? 'unknown',
  };
}

interface Ratio {
  readonly form: Form;
  readonly what: string;
  readonly from: number;
  readonly to: number;
  readonly wall: number;
}

/** How time grows from each size to the next, for the same command in this one run. */
function ratios(rows: readonly Row[]): readonly Ratio[] {
  return rows.flatMap((row) => {
    const next = rows.find(
      ({ form, what, tenants }) => form === row.form && what === row.what && tenants > row.tenants,
    );
    return next
      ? [{ form: row.form, what: row.what, from: row.tenants, to: next.tenants, wall: next.wall / row.wall }]
      : [];
  });
}

function markdown({
  machine,
  rows,
  ratios,
}: {
  machine: object;
  rows: readonly Row[];
  ratios: readonly Ratio[];
}): string {
  const table = (heads: readonly string[], lines: readonly (readonly unknown[])[]) =>
    [heads, heads.map((_, i) => (i < 3 ? '---' : '--:')), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
  const count = (number: number) => number.toLocaleString('en');
  return `${Object.entries(machine)
    .map(([name, value]) => `- ${name}: ${value}`)
    .join('\n')}

${table(
  ['tenants', 'as', 'what', 'seconds', 'CPU seconds', 'peak MiB', 'objects a tenant'],
  rows.map(({ tenants, form, what, wall, cpu, memory, objects }) => [
    count(tenants),
    form,
    what,
    wall.toFixed(2),
    cpu.toFixed(2),
    count(Math.round(memory)),
    objects || '',
  ]),
)}

${table(
  ['from', 'to', 'what', 'times the seconds'],
  ratios.map(({ from, to, form, what, wall }) => [count(from), count(to), `${what} (${form})`, wall.toFixed(1)]),
)}
`;
}

void main();
