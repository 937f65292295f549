import { isIP, isIPv4, isIPv6 } from 'node:net';
import type { SchemaRule } from './problem';

/** A check of strings by name: RFC formats that the API server knows, and Kubernetes' own syntaxes. */
export interface Format {
  readonly rule: SchemaRule;
  /** What a valid value is, to be read after "is not". */
  readonly what: string;
  readonly test: (text: string) => boolean;
  /** A valid value that was probably meant. */
  readonly fix?: (text: string) => string | undefined;
}

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const QUANTITY = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const DATE_TIME = /^\d{4}-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** A DNS label (RFC 1123): at most 63 characters. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && LABEL.test(text);
}

/** A DNS subdomain (RFC 1123): at most 253 characters. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && SUBDOMAIN.test(text);
}

/** A label's or an annotation's key: an optional DNS prefix, a slash, and a name of at most 63 characters. */
export function isQualifiedName(text: string): boolean {
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  if (slash >= 0 && !isDnsSubdomain(text.slice(0, slash))) return false;
  return name.length <= 63 && QUALIFIED.test(name);
}

function isCidr(text: string): boolean {
  const [, address = '', length = ''] = /^(.*)\/(\d{1,3})$/.exec(text) ?? [];
  return isIP(address) !== 0 && Number(length) <= (isIPv4(address) ? 32 : 128) && String(Number(length)) === length;
}

function isDateTime(text: string): boolean {
  const [, month, day, hour, minute, second] = DATE_TIME.exec(text) ?? [];
  return (
    Number(month) >= 1 &&
    Number(month) <= 12 &&
    Number(day) >= 1 &&
    Number(day) <= 31 &&
    Number(hour) <= 23 &&
    Number(minute) <= 59 &&
    Number(second) <= 59
  );
}

function isUri(text: string): boolean {
  return text.startsWith('/') || URL.canParse(text);
}

function isPercentOrName(text: string): boolean {
  return /^\d+%$/.test(text);
}

/** `10GB`, `512mb`, `1g`: what people write for quantities, in Kubernetes' suffixes. */
function quantityFix(text: string): string | undefined {
  const [, amount, letter] = /^\s*([\d.]+)\s*([kmgtpe])i?b?\s*$/i.exec(text) ?? [];
  if (!amount || !letter) return undefined;
  const fixed = `${amount}${letter.toUpperCase()}i`;
  return QUANTITY.test(fixed) ? fixed : undefined;
}

const lowerLabel = (text: string): string | undefined => {
  const fixed = text
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
  return isDnsSubdomain(fixed) ? fixed : undefined;
};

const metadata = (what: string, test: Format['test'], fix?: Format['fix']): Format => ({
  rule: 'metadata',
  what,
  test,
  fix,
});
const format = (what: string, test: Format['test'], fix?: Format['fix']): Format => ({
  rule: 'format',
  what,
  test,
  fix,
});

const LABEL_WORDS = "lowercase letters, digits and '-', at most 63 characters";
const SUBDOMAIN_WORDS = "lowercase letters, digits, '-' and '.', at most 253 characters";

/** Formats by the name that a schema gives them. Those not listed are not checked, neither here nor by the API server. */
export const FORMATS: Readonly<Record<string, Format | undefined>> = Object.assign(Object.create(null) as object, {
  byte: format('base64', (text: string) =>
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text.replace(/[\r\n]/g, '')),
  ),
  cidr: format('a CIDR such as 10.0.0.0/16', isCidr),
  date: format('a date such as 2026-01-31', (text) => /^\d{4}-\d{2}-\d{2}$/.test(text)),
  'date-time': format('a time such as 2026-01-31T12:00:00Z', isDateTime),
  duration: format('a duration such as 1h30m', (text) =>
    /^[+-]?(0|(\d+(\.\d*)?|\.\d+)\s*[a-zµμ]+(\s*(\d+(\.\d*)?|\.\d+)\s*[a-zµμ]+)*)$/i.test(text),
  ),
  email: format('an e-mail address', (text) => /^[^@]*[^@\s]@[^@\s]+$/.test(text)),
  hexcolor: format('a colour such as #00ff00', (text) => /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text)),
  hostname: format('a host name', (text) => isDnsSubdomain(text.toLowerCase())),
  ipv4: format('an IPv4 address', isIPv4),
  ipv6: format('an IPv6 address', isIPv6),
  ip: format('an IP address', (text) => isIP(text) !== 0),
  mac: format('a MAC address', (text) => /^([0-9a-f]{2}([:-])([0-9a-f]{2}\2){4,6}[0-9a-f]{2})$/i.test(text)),
  uri: format('a URI', isUri),
  uuid: format('a UUID', (text) => UUID.test(text)),
  'k8s-short-name': format(`a name of ${LABEL_WORDS}`, isDnsLabel, lowerLabel),
  'k8s-long-name': format(`a name of ${SUBDOMAIN_WORDS}`, isDnsSubdomain, lowerLabel),
  quantity: format('a quantity such as 500m, 2 or 1Gi', (text) => QUANTITY.test(text), quantityFix),
  percent: format('a percentage such as 25%', isPercentOrName),
  'port-name': format(
    "a port's name: at most 15 lowercase letters, digits and '-', with a letter among them",
    (text) => text.length <= 15 && LABEL.test(text) && /[a-z]/.test(text) && !text.includes('--'),
  ),
  'dns-label': format(`a name of ${LABEL_WORDS}`, isDnsLabel, lowerLabel),
  'dns-subdomain': format(`a name of ${SUBDOMAIN_WORDS}`, isDnsSubdomain, lowerLabel),
  'config-key': format(
    "a key of letters, digits, '-', '_' and '.'",
    (text) => text.length <= 253 && /^[-._a-zA-Z0-9]+$/.test(text) && text !== '.' && !text.startsWith('..'),
  ),
  'label-value': metadata(
    "a label's value: at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends",
    (text) => text === '' || (text.length <= 63 && QUALIFIED.test(text)),
  ),
  'label-key': metadata("a label's key such as app.kubernetes.io/name", isQualifiedName),
  'annotation-key': metadata("an annotation's key such as keelson.dev/owner", (text) =>
    isQualifiedName(text.toLowerCase()),
  ),
  finalizer: metadata('a finalizer such as example.com/cleanup', isQualifiedName),
} satisfies Record<string, Format>);
