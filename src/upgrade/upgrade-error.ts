import type { Finding } from '../model/finding';

/** An upgrade could not be worked out or done at all. Holds no credentials. */
export class UpgradeError extends Error {
  readonly finding: Finding;

  constructor(
    /** Such as `upgrade/unreachable`. */
    rule: string,
    /** The file, folder or repository, without credentials. */
    file: string,
    message: string,
    /** What to do. */
    fix: string,
  ) {
    super(`${file}: ${message}; ${fix}`);
    this.finding = { rule, severity: 'error', file, message, fix };
  }
}
