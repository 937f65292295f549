import type { GitRun } from './git';
import { PublishError } from './publish-error';

interface Fault {
  readonly rule: string;
  readonly signs: RegExp;
  readonly message: string;
  readonly fix: string;
}

// What git (run with LC_ALL=C) and the usual servers print; the first match wins, so the special stand before the general.
const faults: readonly Fault[] = [
  {
    rule: 'gitops/disk-full',
    signs: /No space left on device|ENOSPC|Disk quota exceeded|EDQUOT|File too large|EFBIG|SIGXFSZ/,
    message: 'the disk is full; nothing was published',
    fix: 'free some space and publish again',
  },
  {
    rule: 'gitops/hook',
    signs:
      /hook declined|\(pre-receive|ref updates aborted by hook|GH006|protected branch|not allowed to push|GitLab: You/i,
    message: 'the repository refused the commit; nothing was published',
    fix: 'satisfy its hook or branch protection, or publish to a branch that you may push to and open a pull request',
  },
  {
    rule: 'gitops/checked-out',
    signs: /refusing to update checked out branch|branch is currently checked out/,
    message:
      'the branch is checked out in that repository, whose files would no longer match it; nothing was published',
    fix: 'publish to a bare repository (`git clone --bare`), or check out another branch there',
  },
  {
    rule: 'gitops/owner',
    signs: /dubious ownership/,
    message: 'git does not trust the repository, because another user owns it',
    fix: 'change its owner, or add it by `git config --global --add safe.directory <path>`',
  },
  {
    rule: 'gitops/host',
    signs:
      /Could not resolve host|Name or service not known|nodename nor servname|Temporary failure in name resolution/i,
    message: 'no such host',
    fix: 'check the host in the URL and the network',
  },
  {
    rule: 'gitops/unreachable',
    signs:
      /Connection refused|timed out|Network is unreachable|No route to host|Connection reset|Failed to connect|early EOF|hung up|SSL|certificate/i,
    message: 'the host can not be reached, or dropped the connection',
    fix: 'check the URL, the network and any proxy, and publish again',
  },
  {
    rule: 'gitops/login',
    signs:
      /could not read (Username|Password)|Authentication failed|Permission denied \((publickey|password)|terminal prompts disabled|Host key verification failed|HTTP.* 401|error: 401/i,
    message: 'git found no credentials that the host accepts',
    fix: "set up git's credential helper or an SSH key for the host (`git ls-remote <url>` must work)",
  },
  {
    rule: 'gitops/no-repository',
    signs:
      /does not appear to be a git repository|Repository not found|repository .* (not found|does not exist)|not a git repository|does not exist|error: 404/i,
    message: 'there is no such git repository, or you may not see it',
    fix: 'check the URL, or make the repository first (`git init --bare`)',
  },
  {
    rule: 'gitops/permission',
    signs:
      /error: 403|HTTP.* 403|Write access|denied to|access rights|Permission denied|EACCES|EPERM|insufficient permission|Read-only file system|EROFS|unable to create temporary|not permitted/i,
    message: 'no permission to write; nothing was published',
    fix: 'give this user or key write access to the repository',
  },
  {
    rule: 'gitops/object-format',
    signs: /mismatched algorithms|unknown repository extension|object-?format/i,
    message: 'the repository names its objects by SHA-256, which Keelson does not support',
    fix: 'use a repository made with the default object format (SHA-1)',
  },
  {
    rule: 'gitops/locked',
    signs: /\.lock'?: File exists|another git process/i,
    message: 'a lock file stays in the way',
    fix: 'if no git process works there any more, remove the lock file and publish again',
  },
  {
    rule: 'gitops/git-missing',
    signs: /spawn git ENOENT/,
    message: 'git was not found',
    fix: 'install git and put it on PATH',
  },
];

/** Tells what a failed git run, or a failed file operation, means for the person who publishes. */
export function explain(failure: GitRun | Error, repository: string): PublishError {
  const text =
    failure instanceof Error
      ? failure.message
      : `${failure.stderr}\n${failure.stdout.toString('utf8')}\n${failure.signal ?? ''}`;
  const fault = faults.find(({ signs }) => signs.test(text));
  const said = tellingLine(text);
  if (!fault) {
    return new PublishError('gitops/git', repository, `git failed: ${said}`, 'mend what git names and publish again');
  }
  return new PublishError(fault.rule, repository, `${fault.message} (${said})`, fault.fix);
}

/** Whether another publisher (or a passing lock) was faster, so that a new attempt may succeed. */
export function isLostRace(run: GitRun): boolean {
  const text = `${run.stderr}\n${run.stdout.toString('utf8')}`;
  if (/hook declined|No space left|Permission denied|insufficient permission|Read-only/.test(text)) return false;
  return /stale info|fetch first|non-fast-forward|cannot lock ref|failed to update ref|incorrect old value|reference already exists|File exists|but expected|failed to lock/.test(
    text,
  );
}

/** The lines that say most, on one line: what a remote's hook printed, else git's own fatal or error lines. */
function tellingLine(text: string): string {
  const lines = text
    .split(/[\r\n]+/)
    // A terminal must not obey what a server sends.
    .map((line) => line.replace(/\p{Cc}/gu, ' ').trim())
    .filter((line) => line !== '');
  const remote = lines.filter((line) => /^remote: \S/.test(line)).slice(0, 3);
  const telling = lines.filter((line) => /^(fatal|error|ssh|! )|\[remote rejected\]/.test(line)).slice(0, 2);
  const chosen = [...remote, ...telling].length > 0 ? [...remote, ...telling] : lines.slice(0, 2);
  return chosen.join(' | ').slice(0, 400) || 'it said nothing';
}
