import { compareVersions } from '../../src/upgrade/version';

// Each is older than the next; the middle is the order that semver.org gives as its example.
const ordered = [
  '0.9.10',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  '1.0.1',
  '1.2.0',
  '1.10.0',
  '2.0.0',
];

test('versions are ordered as semantic versions are', () => {
  const shuffled = [...ordered].sort();
  expect(shuffled.sort(compareVersions)).toEqual(ordered);
});

test('build metadata makes no difference', () => {
  expect(compareVersions('1.0.0+one', '1.0.0+two')).toBe(0);
});
