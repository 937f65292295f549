import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keelson } from '../cli/support/keelson';
import { folderOf, product, smallPlatform } from '../support/platforms';
import { known } from './support/known-commands';

const pages = ['docs/claim-reference.md', 'docs/PLATFORM.md'];

test('The pages about claims are what the schema and platform.ts say', () => {
  expect(keelson(['reference', '--check'])).toEqual({ code: 0, stdout: '', stderr: '' });
});

test.each(pages)('%s that is not up to date is told, and written anew', (page) => {
  const root = folderOf(smallPlatform());
  cpSync(join(product, 'docs'), join(root, 'docs'), { recursive: true });
  const run = (...args: string[]) => keelson(['reference', '--root', root, ...args]);
  // Its environments are others than those of the example.
  expect(run('--check')).toMatchObject({ code: 1, stderr: expect.stringContaining('docs/PLATFORM.md') as string });
  expect(run().code).toBe(0);
  expect(run('--check').code).toBe(0);
  const text = readFileSync(join(root, page), 'utf8');
  writeFileSync(join(root, page), text.replace(/\| [a-z`]+ /, '| gone '));
  expect(run('--check')).toMatchObject({ code: 1, stderr: expect.stringContaining(page) as string });
  expect(run().code).toBe(0);
  expect(readFileSync(join(root, page), 'utf8')).toBe(text);
});

test('Every field of the schema is in the reference', () => {
  const text = readFileSync(join(product, 'docs/claim-reference.md'), 'utf8');
  const names = new Set<string>();
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { properties } = node as { properties?: Record<string, unknown> };
    for (const name of Object.keys(properties ?? {})) names.add(name);
    for (const part of Object.values(node)) walk(part);
  };
  walk(JSON.parse(readFileSync(join(product, 'src/model/schema/claim.schema.json'), 'utf8')));
  expect(names.size).toBeGreaterThan(60);
  expect([...names].filter((name) => !text.includes(`| \`${name}\``))).toEqual([]);
});

test('Every command that the contract names is one', () => {
  const text = readFileSync(join(product, 'docs/PLATFORM.md'), 'utf8');
  const commands = [...text.matchAll(/`keelson ([a-z][^`]*)`/g)].map(([, words = '']) => words.split(' '));
  expect(commands.length).toBeGreaterThan(8);
  for (const words of commands) expect({ words, fault: known(words).fault }).toEqual({ words, fault: undefined });
});
