import path from 'node:path';
import { known } from './known-commands';
import { callsOf, keelsonCalls, mentions, pageBlocks, type PageBlock } from './runbook';

/** Programs that every machine has; all others must stand on the fence of the block that calls them. */
const EVERYWHERE = ['cat', 'chmod', 'cp', 'kill', 'ls', 'mkdir', 'mv', 'printf', 'rm', 'sed', 'sleep', 'test', 'umask'];
/** What must be said before a block that was never run. */
const NEVER_RUN = /never (?:been )?run against AWS/i;

/** Commands of keelson that the blocks marked `local` run, such as `cluster rotate leaves`. */
export function testedCommands(page: string): ReadonlySet<string> {
  const calls = pageBlocks(page)
    .filter(({ marks }) => marks[0] === 'local')
    .flatMap(({ commands }) => commands.flatMap(({ text }) => keelsonCalls(text)));
  return new Set(calls.map((words) => known(words)).flatMap((one) => (one.fault === undefined ? [one.command] : [])));
}

/** What is wrong with the commands of a page, with its line; `tested` are those that a test runs. */
export function pageFaults(page: string, tested: ReadonlySet<string>): string[] {
  const named = mentions(page).flatMap(({ words, line }) => {
    const one = known(words);
    if (one.fault !== undefined) return [`${line}: ${one.fault}`];
    return [...tested].some((command) => `${command} `.startsWith(`${one.command} `))
      ? []
      : [`${line}: no test runs 'keelson ${one.command}'`];
  });
  return [...pageBlocks(page).flatMap(blockFaults), ...named];
}

function blockFaults(block: PageBlock): string[] {
  const [place, ...programs] = block.marks;
  const faults: string[] = [];
  if (place === 'aws') {
    if (!NEVER_RUN.test(block.before)) faults.push(`${block.line}: nothing before it says that it was never run`);
  } else if (place !== 'local') {
    faults.push(`${block.line}: no test runs it: mark it 'sh local', or 'sh aws' where nobody can`);
  }
  for (const { text, line, prints, exits } of block.commands) {
    for (const words of keelsonCalls(text)) {
      const { fault } = known(words);
      if (fault !== undefined) faults.push(`${line}: ${fault}`);
    }
    const others = callsOf(text).map(([program = '']) => path.basename(program));
    for (const program of others.filter((name) => !['npx', 'keelson', ...EVERYWHERE, ...programs].includes(name))) {
      faults.push(`${line}: the block calls '${program}' and its fence does not say so`);
    }
    if (place === 'local' && keelsonCalls(text).length > 0 && !text.includes('$(') && prints.length === 0) {
      faults.push(`${line}: says neither what '${text}' prints nor that it fails (exit code ${exits})`);
    }
  }
  if (block.commands.length === 0) faults.push(`${block.line}: holds no command`);
  return faults;
}
