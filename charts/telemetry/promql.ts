import { createHash } from 'node:crypto';

/**
 * A series that a rule of the platform records, as it is read: without a job, which all that is scraped or pushed has.
 * Else a tenant could give a series of the same name, and a second match would end a rule that all tenants share.
 */
export function recorded(name: string): string {
  return `${name}{job=""}`;
}

/** Matchers by equality, as PromQL writes them: no text gets out of its quotes. */
export function equal(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(([name, value]) => `${name}=${quoted(value)}`);
}

/** Matchers by regular expression. */
export function matching(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(([name, expression]) => `${name}=~${quoted(expression)}`);
}

/** A string of PromQL: what JSON escapes, Prometheus unescapes. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

/** An identifier that Grafana takes, which has room for 40 characters: not as many as a namespace may have. */
export function shortId(kind: string, namespace: string): string {
  return `${kind}-${createHash('sha256').update(namespace).digest('hex').slice(0, 20)}`;
}
