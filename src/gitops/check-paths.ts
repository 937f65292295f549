import type { Finding } from '../model/finding';

// Bytes; what common file systems and git servers take.
const longestPath = 1024;
const longestName = 255;

/** Everything that keeps paths from being written: outside the tree, git's own, or a file and a directory at once. */
export function checkPaths(paths: ReadonlyMap<string, unknown>): Finding[] {
  const findings: Finding[] = [];
  const directories = ancestors(paths.keys());
  for (const path of paths.keys()) {
    const message = fault(path, directories);
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
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const directory = path.slice(0, end);
      if (directories.has(directory)) break;
      directories.add(directory);
    }
  }
  return directories;
}

function fault(path: string, directories: ReadonlySet<string>): string | undefined {
  if (path === '' || path.startsWith('/')) return 'the path is not relative';
  if (/[\p{Cc}\\"]/u.test(path)) return 'the path holds a control character, a quote or a backslash';
  if (Buffer.byteLength(path) > longestPath) return `the path is longer than ${longestPath} bytes`;
  for (const name of path.split('/')) {
    if (name === '' || name === '.' || name === '..') return `the path holds ${JSON.stringify(name)}`;
    if (/^\.git|^git~\d/i.test(name)) return `${name} is a name that git keeps for itself`;
    if (Buffer.byteLength(name) > longestName) return `a name in the path is longer than ${longestName} bytes`;
  }
  return directories.has(path) ? 'the path is a file and a directory at once' : undefined;
}
