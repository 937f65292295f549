import type { Finding } from '../model/finding';

// Bytes; what common file systems and git servers take.
const longestPath = 1024;
const longestName = 255;

/** Everything that keeps paths from being written: outside the tree, git's own, or a file and a directory at once. */
export function checkPaths(paths: ReadonlyMap<string, unknown>): Finding[] {
  const findings: Finding[] = [];
  const directories = ancestors(paths.keys());
  const good = new Set<string>();
  for (const path of paths.keys()) {
    const message = fault(path, directories, good);
    if (message === undefined) continue;
    findings.push({
      rule: 'gitops/path',
      severity: 'error',
      file: path,
      message,
      fix: 'rename what the file is named for',
    });
  }
  return findings;
}

/** Every directory that holds one of these files, at any depth. */
export function ancestors(paths: Iterable<string>): Set<string> {
  const directories = new Set<string>();
  let last = '';
  for (const path of paths) {
    // Most files stand beside the one before.
    if (path.lastIndexOf('/') === last.length && path.startsWith(last)) continue;
    last = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const directory = path.slice(0, end);
      if (directories.has(directory)) break;
      directories.add(directory);
    }
  }
  return directories;
}

/** @param good names that are in order, which come again in path after path */
function fault(path: string, directories: ReadonlySet<string>, good: Set<string>): string | undefined {
  if (path === '' || path.startsWith('/')) return 'the path is not relative';
  // A character of UTF-16 takes three bytes at the most.
  if (path.length * 3 > longestPath && Buffer.byteLength(path) > longestPath)
    return `the path is longer than ${longestPath} bytes`;
  for (const name of path.split('/')) {
    if (good.has(name)) continue;
    if (/[\p{Cc}\\"]/u.test(name)) return 'the path holds a control character, a quote or a backslash';
    if (name === '' || name === '.' || name === '..') return `the path holds ${JSON.stringify(name)}`;
    if (/^\.git|^git~\d/i.test(name)) return `${name} is a name that git keeps for itself`;
    if (Buffer.byteLength(name) > longestName) return `a name in the path is longer than ${longestName} bytes`;
    good.add(name);
  }
  return directories.has(path) ? 'the path is a file and a directory at once' : undefined;
}
