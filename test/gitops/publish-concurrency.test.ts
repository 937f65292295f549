import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Target } from '../../src/gitops/target';
import { publishInProcess } from './support/processes';
import { versionBodies } from './support/publisher';
import { git, idsAt, treeOf, Workplace } from './support/trees';

const place = new Workplace();
afterAll(() => place.clean());
jest.setTimeout(180_000);

/** The embedded repository, and one behind a URL with a state folder for every publisher. */
const kinds = [
  [
    'the embedded repository',
    () => {
      const state = place.directory();
      return { repository: join(state, 'gitops.git'), stateDirs: [join(state)], targetFor: (): Target => ({ state }) };
    },
  ],
  [
    'a remote with one copy',
    () => {
      const repository = bare();
      const state = place.directory();
      return {
        repository,
        stateDirs: [state],
        targetFor: (): Target => ({ repository: pathToFileURL(repository).href, state }),
      };
    },
  ],
  [
    'a remote with a copy each',
    () => {
      const repository = bare();
      return { repository, stateDirs: [], targetFor: (): Target => ({ repository, state: place.directory() }) };
    },
  ],
] as const;

function bare(): string {
  const repository = join(place.directory(), 'remote.git');
  git(place.directory(), 'init', '-q', '--bare', '--initial-branch=main', repository);
  return repository;
}

function versionIds(version: string, files: number): ReadonlyMap<string, string> {
  return treeOf(versionBodies(version, files)).files;
}

describe.each(kinds)('%s', (_, make) => {
  test('publishers at once all come through, one after the other, and no state is a mixture', async () => {
    const { repository, targetFor } = make();
    const versions = ['a', 'b', 'c', 'd', 'e'];
    const outcomes = await Promise.all(
      versions.map((version) => publishInProcess({ target: targetFor(), version, files: 40 })),
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(versions.map(() => 'published'));
    const commits = git(repository, 'rev-list', 'main').split('\n');
    expect(commits).toHaveLength(versions.length);
    const left = new Set(versions);
    for (const commit of commits) {
      const version = git(repository, 'log', '-1', '--format=%(trailers:key=Keelson-Version,valueonly)', commit);
      expect(idsAt(repository, commit)).toEqual(versionIds(version, 40));
      left.delete(version);
    }
    expect(left.size).toBe(0);
    expect(git(repository, 'fsck', '--strict', '--no-dangling')).toBe('');
  });

  test('publishers of one tree at once make one commit', async () => {
    const { repository, targetFor } = make();
    const outcomes = await Promise.all(
      [1, 2, 3, 4].map(() => publishInProcess({ target: targetFor(), version: 'a', files: 40 })),
    );
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['published', 'unchanged', 'unchanged', 'unchanged']);
    expect(git(repository, 'rev-list', '--count', 'main')).toBe('1');
  });

  test.each([
    ['with its git processes', false],
    ['alone', true],
  ])(
    'a publisher killed at any moment %s leaves a good state, and the next run succeeds',
    async (_how, aloneKilled) => {
      const { repository, stateDirs, targetFor } = make();
      const target = targetFor();
      const started = Date.now();
      await publishInProcess({ target, version: 'first', files: 1500 });
      const whole = Date.now() - started;
      const rounds = 6;
      const good = ['first'];
      for (let round = 0; round < rounds; round++) {
        const version = `v${round}`;
        good.push(version);
        // Spread over the time that one takes; it starts with loading itself.
        const killAfter = whole * (0.25 + (0.75 * (round + Math.random())) / rounds);
        await publishInProcess({ target, version, files: 1500 }, { killAfter, aloneKilled });
        const at = git(repository, 'log', '-1', '--format=%(trailers:key=Keelson-Version,valueonly)', 'main');
        expect(good).toContain(at);
        expect(idsAt(repository, 'main')).toEqual(versionIds(at, 1500));
        expect(git(repository, 'fsck', '--strict', '--no-dangling')).toBe('');
      }
      const last = await publishInProcess({ target, version: 'last', files: 1500 });
      expect(last).toMatchObject({ outcome: 'published' });
      expect(idsAt(repository, 'main')).toEqual(versionIds('last', 1500));
      for (const directory of stateDirs) expect(leftovers(directory)).toEqual([]);
      expect(git(repository, 'fsck', '--strict', '--no-dangling')).toBe('');
    },
  );

  test('a lock that a killed run left in the repository does not stop the next one', async () => {
    const { repository, targetFor } = make();
    const target = targetFor();
    await publishInProcess({ target, version: 'a', files: 10 });
    // Holds the branch's lock long enough for the run to be killed.
    const hook = join(repository, 'hooks', 'reference-transaction');
    mkdirSync(join(repository, 'hooks'), { recursive: true });
    writeFileSync(hook, '#!/bin/sh\n[ "$1" != prepared ] || sleep 60\n', { mode: 0o755 });
    const lock = join(repository, 'refs', 'heads', 'main.lock');
    const killed = await publishInProcess({ target, version: 'b', files: 10 }, { killWhen: () => existsSync(lock) });
    expect(killed.outcome).toBe('killed');
    expect(existsSync(lock)).toBe(true);
    rmSync(hook);
    expect(await publishInProcess({ target, version: 'c', files: 10 })).toMatchObject({ outcome: 'published' });
    expect(readdirSync(join(repository, 'refs', 'heads'))).toEqual(['main']);
    expect(idsAt(repository, 'main')).toEqual(versionIds('c', 10));
  });
});

/** What runs have left below a state folder. */
function leftovers(state: string): string[] {
  const names = readdirSync(state, { recursive: true, encoding: 'utf8' });
  return [...names.filter((name) => /\.lock$|\.new-|tmp_|fast_import_crash/.test(name)), ...runDirectories(state)];
}

function runDirectories(state: string): string[] {
  const names = readdirSync(state, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /\.git\/keelson\/[^/]+$/.test(name));
}

test('a repository whose making was interrupted is finished', async () => {
  const state = place.directory();
  for (let round = 0; round < 5; round++) {
    await publishInProcess({ target: { state }, version: 'a', files: 10 }, { killAfter: 300 + round * 40 });
  }
  expect(await publishInProcess({ target: { state }, version: 'b', files: 10 })).toMatchObject({
    outcome: 'published',
  });
  const half = place.directory();
  git(half, 'init', '-q', '--bare', 'gitops.git');
  writeFileSync(join(half, 'gitops.git', 'HEAD'), '');
  expect(await publishInProcess({ target: { state: half }, version: 'b', files: 10 })).toMatchObject({
    outcome: 'published',
  });
});
