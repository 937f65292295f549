import type { TenantProps } from '../../claim.generated';
import type { TenantDeclaration } from '../../declare';
import type { Finding } from '../../finding';
import type { Findings } from '../findings';

/** Path of a field inside a claim's spec. */
export type FieldPath = readonly (string | number)[];

/** What is wrong with one field of a claim. */
export interface ClaimFault {
  readonly rule: string;
  readonly value?: unknown;
  readonly message: string;
  readonly fix: string;
}

/** A tenant whose claim is being judged: whoever finds a fault tells it here, with its place in the file. */
export class Claimant {
  private count = 0;

  constructor(
    private readonly declaration: TenantDeclaration,
    private readonly findings: Findings,
  ) {}

  get name(): string {
    return this.declaration.name;
  }

  get file(): string {
    return this.declaration.file;
  }

  get props(): TenantProps {
    return this.declaration.props;
  }

  /** True as soon as one fault is told: its units are left out, the others stay. */
  get faulty(): boolean {
    return this.count > 0;
  }

  /** Tells a fault. */
  fault(path: FieldPath, fault: ClaimFault): void {
    this.count++;
    this.findings.error(this.file, this.placed(path, fault));
  }

  /** Tells what the team should know; the tenant is rendered all the same. */
  warn(path: FieldPath, fault: ClaimFault): void {
    this.findings.warning(this.file, this.placed(path, fault));
  }

  /** The line is looked up here only, since that parses the file once more. */
  private placed(path: FieldPath, { rule, ...rest }: ClaimFault): Omit<Finding, 'severity' | 'file'> {
    const { prefix, lineOf, name } = this.declaration;
    const line = lineOf?.(path);
    const field = path.reduce<string>(
      (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`),
      prefix ?? '',
    );
    return { rule: `config/${rule}`, field, ...(line === undefined ? {} : { line }), ...rest, unit: name };
  }
}
