/** How bad a finding is: an `error` makes the run exit 1, a `warning` never does. */
export type Severity = 'error' | 'warning';

/**
 * One thing that is wrong, told so that a person can mend it: where it is, what is wrong, what to write instead.
 * Every room reports in this one form, and `src/report/` is the only place that prints it.
 */
export interface Finding {
  /** Stable identifier of the rule, such as `config/unknown-key` or `schema/required`. */
  readonly rule: string;
  readonly severity: Severity;
  /** File relative to the platform's root (or to the verified directory), with `/` as separator. */
  readonly file: string;
  /** 1-based line in that file. @default - unknown */
  readonly line?: number;
  /** Path of the field inside the declaration or object, such as `spec.quota.prod.memory`. @default - the whole file */
  readonly field?: string;
  /** The offending value, as it was given. @default - none */
  readonly value?: unknown;
  /** What is wrong, one sentence without a full stop. */
  readonly message: string;
  /** What to write or do instead, one sentence without a full stop. @default - none known */
  readonly fix?: string;
  /** The object judged, such as `Deployment payments-prod/api`. @default - not about an object */
  readonly object?: string;
  /** Path of the construct that made the object, such as `tenant/payments/network`. @default - unknown */
  readonly construct?: string;
  /** The tenant or add-on concerned. @default - the whole platform */
  readonly unit?: string;
}

/** Orders findings for printing: file, line, field, rule; independent of locale. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    compareText(a.file, b.file) ||
    (a.line ?? 0) - (b.line ?? 0) ||
    compareText(a.field ?? '', b.field ?? '') ||
    compareText(a.rule, b.rule) ||
    compareText(a.message, b.message)
  );
}

/** Compares by UTF-16 code units, so that no locale changes an order. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
