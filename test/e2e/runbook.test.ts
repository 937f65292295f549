import { readFileSync } from 'node:fs';
import path from 'node:path';
import { engineVersion, getEngine } from '../../src/engines';
import { pageBlocks, type PageCommand } from '../docs/support/runbook';
import { copyPlatform, type PlatformCopy } from './support/platform-copy';

const PAGE = path.resolve(__dirname, '../../docs/RUNBOOK.md');
/** A rotation on a busy machine brings three steps to a host, each a restart of its API server. */
const MINUTES = 60_000;

/** The blocks of docs/RUNBOOK.md for a local cluster, from top to bottom, as somebody would type them. */
describe('docs/RUNBOOK.md, word by word', () => {
  const blocks = pageBlocks(readFileSync(PAGE, 'utf8')).filter(({ marks }) => marks[0] === 'local');
  /** What was exported so far: a person has one shell. */
  const exported: string[] = [];
  let copy: PlatformCopy;
  /** A page is one story: after a step that failed, nothing is as the next one expects it. */
  let failed: string | undefined;

  beforeAll(async () => {
    const kubectl = await getEngine('kubectl', { version: engineVersion('kube-apiserver') });
    copy = await copyPlatform({
      addresses: '127.43.0.0/24',
      environment: { PATH: `${path.dirname(kubectl)}${path.delimiter}${process.env.PATH}` },
    });
  }, 10 * MINUTES);
  afterAll(() => copy?.remove(), 5 * MINUTES);

  it.each(blocks.map((block) => [block.section, block.line, block] as const))(
    '%s, line %d',
    async (section, line, { byHand, commands }) => {
      if (failed !== undefined) throw new Error(`not typed, since ${failed} failed`);
      failed = `${section}, line ${line}`;
      for (const text of byHand) expect(await copy.shell(text)).toMatchObject({ code: 0 });
      for (const command of commands) await typed(command);
      failed = undefined;
    },
    20 * MINUTES,
  );

  async function typed({ text, line, prints, exits }: PageCommand): Promise<void> {
    const { code, stdout, stderr } = await copy.shell([...exported, text].join('\n'));
    if (text.startsWith('export ')) exported.push(text);
    const all = `${stdout}${stderr}`;
    const missing = prints.filter((words) => !all.includes(words));
    if (code === exits && missing.length === 0) return;
    throw new Error(
      [
        `line ${line}: ${text}`,
        `ended with ${code}, and should with ${exits}`,
        ...missing.map((words) => `did not print: ${words}`),
        all,
      ].join('\n'),
    );
  }
});
