import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { product } from '../support/platforms';
import { known } from './support/known-commands';
import { pageFaults, testedCommands } from './support/page-faults';
import { callsOf, pageBlocks } from './support/runbook';

const RUNBOOK = 'docs/RUNBOOK.md';
const pages = readdirSync(join(product, 'docs', 'runbooks'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/runbooks/${name}`);
const read = (page: string): string => readFileSync(join(product, page), 'utf8');
const runbook = read(RUNBOOK);
const block = (fence: string, ...lines: readonly string[]): string => ['```' + fence, ...lines, '```', ''].join('\n');
const STATUS = ['npx keelson cluster status local', '# prints: nothing is wrong'];

describe('commands of the runbook', () => {
  test.each([RUNBOOK, ...pages])('%s holds none that is unknown, or that no test runs', (page) => {
    expect(pageFaults(read(page), testedCommands(runbook))).toEqual([]);
  });

  test('are many, most of them run', () => {
    const blocks = pageBlocks(runbook);
    const commands = (place: string) =>
      blocks.filter(({ marks }) => marks[0] === place).flatMap((one) => one.commands).length;
    expect(commands('local')).toBeGreaterThan(60);
    expect(commands('aws')).toBeGreaterThan(20);
  });

  test('are all that `keelson cluster` has', () => {
    const tested = [...testedCommands(runbook)];
    const files = readdirSync(join(product, 'src', 'cli', 'commands')).filter((name) => name.startsWith('cluster-'));
    const names = files.map((name) => name.replace(/^cluster-(.*)\.ts$/, 'cluster $1'));
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !tested.some((one) => `${one} `.startsWith(`${name} `)))).toEqual([]);
  });

  test.each<[string, string, string]>([
    ['in a block that no test runs', block('sh', ...STATUS), "no test runs it: mark it 'sh local'"],
    ['that there is not', block('sh local', 'npx keelson cluster mend local', '# prints: x'), 'names no command'],
    [
      'with an option that there is not',
      block('sh local', 'npx keelson up local --force', '# prints: x'),
      'up has no option --force',
    ],
    [
      'with an argument too many',
      block('sh local', 'npx keelson cluster status local now', '# prints: x'),
      'takes 1 arguments, not 2',
    ],
    [
      'with a word that it does not take',
      block('sh local', 'npx keelson cluster rotate local everything', '# prints: x'),
      'wants one of leaves',
    ],
    ['that says not what it prints', block('sh local', STATUS[0]!), 'says neither'],
    [
      'of another program, unsaid',
      block('sh local', 'kubectl get nodes'),
      "calls 'kubectl' and its fence does not say so",
    ],
    [
      'of another program, behind a pipe',
      block('sh local', 'cat x | jq .y'),
      "calls 'jq' and its fence does not say so",
    ],
    ['for AWS, without saying that it never ran', block('sh aws aws', 'aws s3 ls'), 'says that it was never run'],
    ['that the text alone names', 'Type `npx keelson tenant new search`.', "no test runs 'keelson tenant new'"],
    ['on a page, in a block without a mark', block('', 'npx keelson diff'), "no test runs 'keelson diff'"],
    ['that the text misspells', 'Type `npx keelson cluster statsu local`.', 'names no command'],
    ['in a block that is empty', block('sh local'), 'holds no command'],
  ])('are refused %s', (_, page, fault) => {
    const faults = pageFaults(`# Page\n\n${block('sh local', ...STATUS)}\n${page}`, testedCommands(runbook));
    expect(faults).toEqual([expect.stringContaining(fault)]);
  });

  test('are read with what a person or a misfortune does before, and what is expected', () => {
    const page = [
      '# A',
      '<!-- by hand: rm x -->',
      block('sh aws etcdctl', 'etcdctl a \\', '  b', '# prints: c', '# exits: 3', '# a remark', 'etcdctl d'),
    ].join('\n');
    expect(pageBlocks(page)).toEqual([
      {
        line: 3,
        section: 'A',
        before: '# A',
        marks: ['aws', 'etcdctl'],
        byHand: ['rm x'],
        commands: [
          { text: 'etcdctl a \\\n  b', line: 4, prints: ['c'], exits: 3 },
          { text: 'etcdctl d', line: 9, prints: [], exits: 0 },
        ],
      },
    ]);
  });

  test('are taken apart as a shell does', () => {
    const text = `umask 077 && A=1 kill $(npx keelson up --json 2>&1 | sed -n 's/ (x);/y/p')`;
    expect(callsOf(text)).toEqual([
      ['umask', '077'],
      ['kill'],
      ['npx', 'keelson', 'up', '--json'],
      ['sed', '-n', 's/ (x);/y/p'],
    ]);
    expect(known(['pulumi', '--', 'up', '--stack', 'x'])).toEqual({ command: 'pulumi' });
  });
});

describe('links of the runbook', () => {
  test.each([RUNBOOK, ...pages, 'docs/THREAT_MODEL.md', 'docs/CLUSTER_BASELINE.md'])('%s leads somewhere', (page) => {
    expect(brokenLinks(page, read(page))).toEqual([]);
  });

  test('are told when they lead nowhere', () => {
    expect(brokenLinks(RUNBOOK, '[a](nowhere.md) [b](#nothing) [c](AWS.md#first-up) [d](AWS.md#nothing)')).toEqual([
      'nowhere.md',
      '#nothing',
      'AWS.md#nothing',
    ]);
  });

  test('reach every page of docs/runbooks from its index', () => {
    const index = read('docs/runbooks/README.md');
    const names = pages.map((page) => page.slice('docs/runbooks/'.length)).filter((name) => name !== 'README.md');
    expect(names.filter((name) => !index.includes(`](${name})`))).toEqual([]);
  });
});

function brokenLinks(page: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => {
      if (/^https?:/.test(target)) return false;
      const [file = '', anchor] = target.split('#');
      const at = file === '' ? join(product, page) : resolve(product, dirname(page), file);
      if (!existsSync(at)) return true;
      return anchor !== undefined && !anchors(readFileSync(at, 'utf8')).includes(anchor);
    });
}

/** As GitHub and others make them of titles. */
function anchors(page: string): string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
