import { createHash } from 'node:crypto';
import type { Fault } from './fault';
import { show, showList } from './show';

/** Longest DNS label (RFC 1123), namespace and label value. */
export const LABEL_LENGTH = 63;
/** Longest DNS name and object name that Kubernetes takes. */
const SUBDOMAIN_LENGTH = 253;

/** Namespaces that belong to Kubernetes itself; a trailing `*` stands for any ending. */
export const RESERVED_NAMESPACES: readonly string[] = ['default', 'kube-*'];

/** Namespace of the accounts that Argo CD acts as for tenants. No add-on owns it, and no tenant may have it. */
export const DELIVERY_NAMESPACE = 'keelson-delivery';

/** Namespace of the accounts that people act as who look into a tenant's production for a while. Nothing runs there. */
export const BREAK_GLASS_NAMESPACE = 'keelson-break-glass';

/** Namespace of Velero, where schedules of backups stand. */
export const BACKUPS_NAMESPACE = 'velero';

/** What namespaces end in that backups are restored into, to see whether they can be. No tenant may have one. */
export const SCRATCH_ENDING = '-restore-check';

/** The namespace that backups of a namespace are tried in: where the name would be too long, its beginning and a digest. */
export function scratchNamespace(namespace: string): string {
  const room = LABEL_LENGTH - SCRATCH_ENDING.length;
  if (namespace.length <= room) return namespace + SCRATCH_ENDING;
  const digest = createHash('sha256').update(namespace).digest('hex').slice(0, 8);
  return `${namespace.slice(0, room - digest.length - 1)}-${digest}${SCRATCH_ENDING}`;
}

/** The entry of `RESERVED_NAMESPACES` that the namespace falls under, undefined where it is free. */
export function reservedNamespace(namespace: string): string | undefined {
  return RESERVED_NAMESPACES.find((reserved) =>
    reserved.endsWith('*') ? namespace.startsWith(reserved.slice(0, -1)) : namespace === reserved,
  );
}

/** Why the text is no DNS label (RFC 1123: lower-case letters, digits and dashes inside). */
export function labelFault(text: string, longest = LABEL_LENGTH): Fault | undefined {
  const reasons = labelReasons(text, longest);
  return reasons.length === 0 ? undefined : fault(text, 'a DNS label', reasons, toLabel(text, longest));
}

/** Why `<name><suffix>` is no DNS label although the name alone may be one: it says by how much to shorten the name. */
export function suffixedLabelFault(name: string, suffix: string, longest = LABEL_LENGTH): Fault | undefined {
  const excess = name.length + suffix.length - longest;
  if (excess <= 0) return labelFault(name + suffix, longest);
  return {
    message: `${show(name + suffix)} is ${name.length + suffix.length} characters long, ${excess} more than the ${longest} allowed`,
    fix: `shorten ${show(name)} to at most ${Math.max(0, longest - suffix.length)} characters`,
  };
}

/** Why the text is no DNS name of one or more labels, as object names and hosts have it. */
export function subdomainFault(text: string): Fault | undefined {
  const labels = text.split('.');
  const reasons = new Set<string>();
  if (text !== '' && labels.includes('')) reasons.add('has an empty part between its dots');
  // What must not stand in any label is told once for all of them.
  const strange = strangers(text, /[^A-Za-z0-9.-]/gu);
  if (strange) reasons.add(strange);
  for (const label of labels.slice(0, SUBDOMAIN_LENGTH)) {
    if (label !== '') for (const reason of shapeReasons(label, LABEL_LENGTH)) reasons.add(reason);
  }
  if (text === '') reasons.add('is empty');
  if (text.length > SUBDOMAIN_LENGTH) reasons.add(tooLong(text, SUBDOMAIN_LENGTH));
  if (reasons.size === 0) return undefined;
  const better = labels
    .map((label) => toLabel(label))
    .filter(Boolean)
    .join('.');
  return fault(text, 'a DNS name', [...reasons], better.length > SUBDOMAIN_LENGTH ? '' : better);
}

/** Why the text is no key of a label: a name of up to 63 characters after an optional `<DNS name>/`. */
export function labelKeyFault(text: string): Fault | undefined {
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  if (slash >= 0) {
    const prefix = subdomainFault(text.slice(0, slash));
    if (prefix) return { ...prefix, message: `${show(text)} is not a label key: before the slash, ${prefix.message}` };
  }
  const reasons = nameReasons(name);
  if (reasons.length === 0) return undefined;
  const better = toLabelValue(name);
  return fault(text, 'a label key', reasons, better && text.slice(0, slash + 1) + better);
}

/** Why the text is no value of a label; the empty text is one. */
export function labelValueFault(text: string): Fault | undefined {
  const reasons = text === '' ? [] : nameReasons(text);
  return reasons.length === 0 ? undefined : fault(text, 'a label value', reasons, toLabelValue(text));
}

/** The nearest DNS label to any text; empty where nothing of it can stay. */
export function toLabel(text: string, longest = LABEL_LENGTH): string {
  return ascii(text)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, longest)
    .replace(/-$/, '');
}

function labelReasons(text: string, longest: number): string[] {
  if (text === '') return ['is empty'];
  const strange = strangers(text, /[^A-Za-z0-9-]/gu);
  return [...(strange ? [strange] : []), ...shapeReasons(text, longest)];
}

function shapeReasons(text: string, longest: number): string[] {
  const reasons: string[] = [];
  if (/[A-Z]/.test(text)) reasons.push('has upper-case letters');
  if (text.startsWith('-')) reasons.push('starts with a dash');
  if (text.endsWith('-')) reasons.push('ends with a dash');
  if (text.length > longest) reasons.push(tooLong(text, longest));
  return reasons;
}

function nameReasons(text: string): string[] {
  const reasons: string[] = [];
  if (text === '') return ['has an empty name'];
  const strange = strangers(text, /[^A-Za-z0-9._-]/gu);
  if (strange) reasons.push(strange);
  else if (!/^[A-Za-z0-9](?:.*[A-Za-z0-9])?$/.test(text)) reasons.push('must start and end with a letter or digit');
  if (text.length > LABEL_LENGTH) reasons.push(tooLong(text, LABEL_LENGTH));
  return reasons;
}

function strangers(text: string, forbidden: RegExp): string | undefined {
  const found = [...new Set(text.match(forbidden))];
  return found.length === 0 ? undefined : `must not contain ${showList(found, 'or', 5)}`;
}

function tooLong(text: string, longest: number): string {
  return `is ${text.length} characters long, ${text.length - longest} more than the ${longest} allowed`;
}

/** The nearest label value to any text; empty where nothing of it can stay. */
export function toLabelValue(text: string): string {
  return ascii(text)
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, LABEL_LENGTH)
    .replace(/[._-]+$/, '');
}

/** Letters without their accents; 1,000 characters are more than any name keeps. */
function ascii(text: string): string {
  return text.slice(0, 1000).normalize('NFKD').replace(/\p{M}/gu, '');
}

function fault(text: string, what: string, reasons: readonly string[], better: string): Fault {
  return {
    message: `${show(text)} is not ${what}: it ${reasons.join(' and ')}`,
    fix: `write ${better ? show(better) : what}`,
  };
}
