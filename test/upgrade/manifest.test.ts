import fc from 'fast-check';
import { mergeManifests } from '../../src/upgrade/manifest';
import { threeWay } from '../../src/upgrade/three-way';

const manifests = fc.record(
  {
    version: fc.constantFrom('1.0.0', '1.1.0'),
    name: fc.constantFrom('keelson', 'harbour'),
    main: fc.constantFrom('a.js', 'b.js'),
    scripts: fc.dictionary(fc.constantFrom('start', 'test', 'own'), fc.constantFrom('one', 'two')),
    dependencies: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1.0.0', '2.0.0')),
    overrides: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', { c: '1' }, { c: '2' })),
  },
  { requiredKeys: ['version'] },
);
const none: ReadonlySet<string> = new Set();

/** A package.json without sections that hold nothing. */
function whole(manifest: object): object {
  return Object.fromEntries(
    Object.entries(manifest).filter(
      ([, value]) => typeof value !== 'object' || Object.keys(value as object).length > 0,
    ),
  );
}

test('a team that changed nothing gets what Keelson has, but for the name of its repository', () => {
  fc.assert(
    fc.property(manifests, manifests, (base, theirs) => {
      const { name, ...merged } = mergeManifests(base, base, theirs, none).manifest;
      const { name: _, ...expected } = theirs;
      expect(merged).toEqual(whole(expected));
      expect(name).toBe(base.name);
    }),
  );
});

test('where Keelson changed nothing, the team keeps what it has, but for the version', () => {
  fc.assert(
    fc.property(manifests, manifests, (base, ours) => {
      expect(mergeManifests(base, ours, base, none).manifest).toEqual(whole({ ...ours, version: base.version }));
    }),
  );
});

test('every conflict that is named becomes what Keelson has, and no other field moves', () => {
  fc.assert(
    fc.property(manifests, manifests, manifests, (base, ours, theirs) => {
      const before = mergeManifests(base, ours, theirs, none);
      const conflicts = before.changes.filter(({ verdict }) => verdict === 'conflict').map(({ field }) => field);
      const after = mergeManifests(base, ours, theirs, new Set(conflicts));
      expect(after.changes.filter(({ verdict }) => verdict === 'conflict')).toEqual([]);
      const taken = after.changes.filter(({ verdict }) => verdict === 'take').map(({ field }) => field);
      const takenBefore = before.changes.filter(({ verdict }) => verdict === 'take').map(({ field }) => field);
      expect(taken.sort()).toEqual([...takenBefore, ...conflicts].sort());
    }),
  );
});

test('a merge taken once has nothing more to take', () => {
  fc.assert(
    fc.property(manifests, manifests, manifests, (base, ours, theirs) => {
      const once = mergeManifests(base, ours, theirs, none);
      const twice = mergeManifests(theirs, once.manifest, theirs, none);
      expect(twice.changes.filter(({ verdict }) => verdict !== 'keep')).toEqual([]);
      expect(twice.manifest).toEqual(once.manifest);
    }),
  );
});

test.each([
  [1, 1, 1, 'same'],
  [1, 2, 2, 'same'],
  [1, 1, 2, 'take'],
  [1, 1, undefined, 'take'],
  [undefined, undefined, 1, 'take'],
  [1, 2, 1, 'keep'],
  [1, undefined, 1, 'keep'],
  [1, 2, 3, 'conflict'],
  [1, 2, undefined, 'conflict'],
  [1, undefined, 2, 'conflict'],
  [undefined, 1, 2, 'conflict'],
] as const)('from %s, with %s here and %s there: %s', (base, ours, theirs, verdict) => {
  expect(threeWay<number>(base, ours, theirs)).toBe(verdict);
});
