import type { Finding } from '../finding';

/** Collects what is wrong; every function of resolving gets one, so that nothing stops at the first fault. */
export class Findings {
  readonly all: Finding[] = [];

  private readonly told = new Set<string>();

  /** Adds a finding; the same one, met again for another cluster, is told once. */
  error(file: string, finding: Omit<Finding, 'severity' | 'file'>): void {
    this.add('error', file, finding);
  }

  /** Adds what somebody should know, and nothing is left out for. */
  warning(file: string, finding: Omit<Finding, 'severity' | 'file'>): void {
    this.add('warning', file, finding);
  }

  private add(severity: Finding['severity'], file: string, finding: Omit<Finding, 'severity' | 'file'>): void {
    const key = [file, finding.rule, finding.field, finding.message].join('\0');
    if (this.told.has(key)) return;
    this.told.add(key);
    this.all.push({ severity, file, ...finding });
  }
}
