import type { Finding } from '../model/finding';

/** Publishing could not be done at all: no such host, no permission, a full disk. Holds no credentials. */
export class PublishError extends Error {
  readonly finding: Finding;

  constructor(
    /** Such as `gitops/unreachable`. */
    rule: string,
    /** The repository, without credentials. */
    repository: string,
    message: string,
    /** What to do. */
    fix: string,
  ) {
    super(`${repository}: ${message}; ${fix}`);
    this.finding = { rule, severity: 'error', file: repository, message, fix };
  }
}
