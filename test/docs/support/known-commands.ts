import { keelson } from '../../cli/support/keelson';

/** A call of keelson that its help knows: which command it is, or what is wrong with it. */
export type Known = { readonly command: string; readonly fault?: undefined } | { readonly fault: string };

interface Help {
  readonly commands: readonly string[];
  /** Options by each of their names; true where a value follows. */
  readonly options: ReadonlyMap<string, boolean>;
  readonly required: number;
  readonly most: number;
  /** What an argument may be, where only some words are allowed. */
  readonly choices: readonly string[];
}

const helps = new Map<string, Help>();

/** Asks `--help` whether there is such a command, with these options and arguments. */
export function known(words: readonly string[]): Known {
  const path: string[] = [];
  let rest = [...words];
  while (rest.length > 0 && helpOf(path).commands.includes(rest[0]!)) path.push(rest.shift()!);
  const help = helpOf(path);
  const command = path.join(' ');
  if (path.length === 0 || help.commands.length > 0) {
    return { fault: `'${words.join(' ')}' names no command: ${help.commands.join(', ')}` };
  }
  if (rest.includes('--help')) return { command };
  const given: string[] = [];
  while (rest.length > 0) {
    const word = rest.shift()!;
    if (word === '--') {
      given.push(...rest);
      rest = [];
    } else if (word.startsWith('-')) {
      const [name = '', value] = word.split('=');
      const takes = help.options.get(name);
      if (takes === undefined) return { fault: `${command} has no option ${name}` };
      if (takes && value === undefined && rest.shift() === undefined)
        return { fault: `${command} ${name} has no value` };
    } else given.push(word);
  }
  if (given.length < help.required)
    return { fault: `${command} wants ${help.required} arguments, not ${given.length}` };
  if (given.length > help.most) return { fault: `${command} takes ${help.most} arguments, not ${given.length}` };
  if (help.choices.length === 0) return { command };
  const chosen = given.find((word) => help.choices.includes(word));
  if (chosen !== undefined) return { command: `${command} ${chosen}` };
  return { fault: `${command} wants one of ${help.choices.join(', ')}, not ${given.join(' ')}` };
}

function helpOf(path: readonly string[]): Help {
  const key = path.join(' ');
  const found = helps.get(key) ?? readHelp(keelson([...path, '--help']).stdout);
  helps.set(key, found);
  return found;
}

function readHelp(text: string): Help {
  const [, usage = ''] = /^Usage: (.*)$/m.exec(text) ?? [];
  const [, listed = ''] = /^Commands:\n((?: {2}.*\n?)*)/m.exec(text) ?? [];
  const options = new Map<string, boolean>();
  for (const [, short, long, value] of text.matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)( [<[][^ ]+)?/gm)) {
    for (const name of [short, long]) if (name !== undefined) options.set(name, value !== undefined);
  }
  const required = [...usage.matchAll(/<[^>]+>/g)].length;
  const optional = [...usage.matchAll(/\[(?!options\]|command\])[^\]]+\]/g)];
  const [, choices = ''] = /\(choices: ([^)]+)\)/.exec(text.replace(/\s+/g, ' ')) ?? [];
  return {
    commands: [...listed.matchAll(/^ {2}(\w[\w-]*)/gm)].map(([, name]) => name!).filter((name) => name !== 'help'),
    options,
    required,
    most: optional.some(([word]) => word.includes('...')) ? Infinity : required + optional.length,
    choices: [...choices.matchAll(/"([^"]+)"/g)].map(([, choice]) => choice!),
  };
}
