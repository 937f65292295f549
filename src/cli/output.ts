import { Listr } from 'listr2';
import type { Finding } from '../model/finding';
import { findingsText } from '../report/findings';

/** Exit codes of every command. */
export const EXIT = {
  /** It holds, or it is done. */
  ok: 0,
  /** Something is wrong, and was named. */
  broken: 1,
  /** It could not be checked or run. */
  unable: 2,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What every command takes besides its own options. */
export interface CommonOptions {
  /** Folder of the platform's repository. */
  readonly root: string;
  /** Print one JSON document and nothing else. */
  readonly json?: boolean;
  /** Print findings and errors alone. */
  readonly quiet?: boolean;
}

/** Prints for people, unless a program reads or nobody wants to. */
export function say(options: CommonOptions, text: string): void {
  if (!options.json && !options.quiet) process.stdout.write(`${text}\n`);
}

/** Prints a result for a program. */
export function sayJson(options: CommonOptions, value: unknown): void {
  if (options.json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Prints findings where people look for errors. */
export function sayFindings(options: CommonOptions, findings: readonly Finding[]): void {
  if (!options.json && findings.length > 0) process.stderr.write(`${findingsText(findings)}\n`);
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}

/** Milliseconds between two changes of a line: each draws the terminal anew, and nobody reads faster. */
const REFRESH = 100;

/** Shows on a terminal what a piece of work is at; in a pipe it is quiet. */
export async function withProgress<T>(
  options: CommonOptions,
  title: string,
  work: (tell: (text: string) => void) => Promise<T>,
): Promise<T> {
  // A terminal that says no width would get one letter a line.
  const terminal = process.stdout.isTTY && process.stdout.columns > 0;
  if (options.json || options.quiet || !terminal) return work(() => undefined);
  let result: { readonly value: T } | undefined;
  await new Listr([
    {
      title,
      task: async (_context, task): Promise<void> => {
        let told = 0;
        const tell = (text: string) => {
          if (performance.now() - told < REFRESH) return;
          told = performance.now();
          task.title = `${title}: ${text}`;
        };
        result = { value: await work(tell) };
        task.title = title;
      },
    },
  ]).run();
  if (!result) throw new Error(`${title}: ended without a result`);
  return result.value;
}
