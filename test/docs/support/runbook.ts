/** A command of a runbook, and what it says will come of it. */
export interface PageCommand {
  readonly text: string;
  /** Line of the page, from 1. */
  readonly line: number;
  /** Words that it prints, on either output. */
  readonly prints: readonly string[];
  /** @default 0 */
  readonly exits: number;
}

/** A fenced block of commands. */
export interface PageBlock {
  /** Line of the fence, from 1. */
  readonly line: number;
  /** Title of the section that it stands in. */
  readonly section: string;
  /** Text of the section before it. */
  readonly before: string;
  /** Words after `sh` on the fence: `local` or `aws`, then the programs beside keelson that it calls. */
  readonly marks: readonly string[];
  /** What a person, or a misfortune, does by hand first: comments `by hand: COMMAND` that no reader sees. */
  readonly byHand: readonly string[];
  readonly commands: readonly PageCommand[];
}

const FENCE = /^( *)```(.*)$/;
const BY_HAND = /^<!-- by hand: (.*) -->$/;

/** Blocks of commands of a page, in their order. Those of other languages, and of none, are left out. */
export function pageBlocks(page: string): PageBlock[] {
  const blocks: PageBlock[] = [];
  let section = '';
  let before: string[] = [];
  let byHand: string[] = [];
  const lines = page.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const [, indent = '', language] = FENCE.exec(line) ?? [];
    if (language === undefined) {
      if (/^##? /.test(line)) {
        section = line.replace(/^#+ /, '');
        before = [];
      }
      const [, hand] = BY_HAND.exec(line) ?? [];
      if (hand !== undefined) byHand.push(hand);
      else before.push(line);
      continue;
    }
    const start = i;
    while (i + 1 < lines.length && !FENCE.test(lines[i + 1]!)) i++;
    const content = lines.slice(start + 1, i + 1).map((one) => one.slice(indent.length));
    i++;
    const [name, ...marks] = language.trim().split(/ +/);
    if (name !== 'sh') continue;
    const commands = commandsOf(content, start + 2);
    blocks.push({ line: start + 1, section, before: before.join('\n'), marks, byHand, commands });
    byHand = [];
  }
  return blocks;
}

function commandsOf(lines: readonly string[], first: number): PageCommand[] {
  const commands: { text: string; line: number; prints: string[]; exits: number }[] = [];
  let open = false;
  lines.forEach((line, i) => {
    const [, prints] = /^# prints: (.*)$/.exec(line) ?? [];
    const [, exits] = /^# exits: (\d+)$/.exec(line) ?? [];
    const last = commands.at(-1);
    if (prints !== undefined) last?.prints.push(prints);
    else if (exits !== undefined && last) last.exits = Number(exits);
    else if (open && last) last.text += `\n${line}`;
    else if (line.trim() !== '' && !line.startsWith('#'))
      commands.push({ text: line, line: first + i, prints: [], exits: 0 });
    open = line.endsWith('\\');
  });
  return commands;
}

/** The calls that a line of shell makes: the words of each, its program first. Knows what runbooks use of a shell. */
export function callsOf(text: string): string[][] {
  const calls: string[][] = [[]];
  const words = /\\\n|\s+|\$\(|&&|\|\||[|;()]|'[^']*'|"[^"]*"|[^\s|;()&'"$\\]+|./g;
  let word: string | undefined;
  const end = (): void => {
    if (word !== undefined) calls.at(-1)!.push(word);
    word = undefined;
  };
  for (const [token] of text.matchAll(words)) {
    if (/^(\\\n|\s+)$/.test(token)) end();
    else if (/^(\$\(|&&|\|\||[|;()])$/.test(token)) {
      end();
      calls.push([]);
    } else word = (word ?? '') + (/^(['"])[^]*\1$/.test(token) ? token.slice(1, -1) : token);
  }
  end();
  return calls.map(withoutAssignments).filter((call) => call.length > 0);
}

function withoutAssignments(words: readonly string[]): string[] {
  const redirections = words.filter((word) => !/^\d?[<>]/.test(word));
  const rest = redirections[0] === 'export' ? redirections.slice(1) : redirections;
  const first = rest.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  return first < 0 ? [] : rest.slice(first);
}

/** Calls of keelson in the text of a page: between backticks, and in blocks that are not marked as commands. */
export function mentions(page: string): { readonly words: readonly string[]; readonly line: number }[] {
  let marked = false;
  let inside = false;
  return page.split('\n').flatMap((line, i) => {
    const [, , language] = FENCE.exec(line) ?? [];
    if (language !== undefined) {
      inside = !inside;
      marked = inside && language.startsWith('sh');
    }
    if (marked) return [];
    const inline = [...line.matchAll(/`((?:npx )?keelson [^`]+)`/g)].map(([, text]) => text!);
    const whole = /^ *(?:npx )?keelson /.test(line) ? [line.trim()] : [];
    return [...inline, ...whole]
      .filter((text) => !text.endsWith(' …'))
      .flatMap((text) => keelsonCalls(text.replace(/\s+#.*$/, '')).map((words) => ({ words, line: i + 1 })));
  });
}

/** Arguments of each call of keelson in a line of shell. */
export function keelsonCalls(text: string): string[][] {
  return callsOf(text)
    .map((words) => (words[0] === 'npx' ? words.slice(1) : words))
    .filter(([program]) => program === 'keelson')
    .map((words) => words.slice(1));
}
