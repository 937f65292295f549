import { arnFault } from './arn';
import { cidrFault } from './cidr';
import type { Fault } from './fault';
import { labelFault, labelKeyFault, labelValueFault, subdomainFault } from './names';
import { bytesFault, coresFault, quantityFault } from './quantity';
import { show } from './show';
import { nearest } from './suggest';
import { cronFault, timeZoneFault } from './times';
import { gitUrlFault, httpsUrlFault } from './urls';

/** A named format of a string, as JSON Schemas refer to it. */
export interface Format {
  /** What a value is called, with its article. */
  readonly what: string;
  /** Why a text is none; undefined where it is one. */
  readonly check: (text: string) => Fault | undefined;
}

/** Minor versions of Kubernetes 1 that Keelson's schemas and add-ons are tested with. */
const OLDEST_MINOR = 34;
const NEWEST_MINOR = 36;

const REGISTRY_EXAMPLE = 'a registry such as `registry.example.com/apps`';

/** For suggestions only: a region that is newer than this list is none the worse. */
const WELL_KNOWN_REGIONS = [
  ...['af-south-1', 'ap-east-1', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1', 'ap-south-2'],
  ...['ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3', 'ap-southeast-4', 'ca-central-1', 'ca-west-1'],
  ...['eu-central-1', 'eu-central-2', 'eu-north-1', 'eu-south-1', 'eu-south-2', 'eu-west-1', 'eu-west-2', 'eu-west-3'],
  ...['il-central-1', 'me-central-1', 'me-south-1', 'mx-central-1', 'sa-east-1'],
  ...['us-east-1', 'us-east-2', 'us-gov-east-1', 'us-gov-west-1', 'us-west-1', 'us-west-2'],
];

/** Every format that the schemas of platform and claim may name. */
export const formats: Readonly<Record<string, Format>> = {
  arn: { what: 'an ARN', check: arnFault },
  'aws-account': { what: 'an AWS account number', check: accountFault },
  'aws-region': { what: 'an AWS region', check: regionFault },
  bucket: { what: 'a bucket name', check: bucketFault },
  bytes: { what: 'a quantity of bytes', check: bytesFault },
  cidr: { what: 'an address range', check: cidrFault },
  cores: { what: 'a number of cores', check: coresFault },
  cron: { what: 'a schedule', check: cronFault },
  'dns-label': { what: 'a DNS label', check: (text) => labelFault(text) },
  'dns-name': { what: 'a domain', check: domainFault },
  email: { what: 'a mail address', check: emailFault },
  'git-url': { what: 'a git URL', check: gitUrlFault },
  group: { what: 'the name of a group', check: groupFault },
  host: { what: 'a host name', check: hostFault },
  'host-pattern': { what: 'a host name', check: hostPatternFault },
  'https-url': { what: 'an https URL', check: httpsUrlFault },
  'kubernetes-version': { what: 'a Kubernetes version', check: kubernetesVersionFault },
  'label-key': { what: 'a label key', check: labelKeyFault },
  'label-value': { what: 'a label value', check: labelValueFault },
  quantity: { what: 'a Kubernetes quantity', check: quantityFault },
  registry: { what: 'a registry', check: registryFault },
  semver: { what: 'an exact version', check: versionFault },
  'time-zone': { what: 'a time zone', check: timeZoneFault },
};

/** A domain of two parts or more; `localhost` is one too. */
function domainFault(text: string): Fault | undefined {
  if (/^[a-z+]+:\/\//i.test(text)) return withoutScheme(text, 'a domain');
  if (text.startsWith('*.')) return { message: `${show(text)} has a wildcard`, fix: `write ${show(text.slice(2))}` };
  const fault = subdomainFault(text);
  if (fault || text === 'localhost') return fault;
  if (/(^|\.)\d+$/.test(text)) return { message: `${show(text)} is an address, not a domain`, fix: 'write a domain' };
  if (text.includes('.')) return undefined;
  return {
    message: `${show(text)} has one part only`,
    fix: `write a whole domain, such as ${show(`${text}.example.com`)}`,
  };
}

/** A DNS name or an IPv4 address, without scheme, port or wildcard. */
function hostFault(text: string): Fault | undefined {
  if (/^[a-z+]+:\/\//i.test(text)) return withoutScheme(text, 'a host');
  if (text.startsWith('*.')) return { message: `${show(text)} has a wildcard`, fix: 'name one host' };
  const port = /^([^:]+):\d+$/.exec(text)?.[1];
  if (port) return { message: `${show(text)} has a port`, fix: `write ${show(port)}` };
  return subdomainFault(text);
}

/** A host, or `*.` before a domain of two parts or more: a pattern that covers a whole top-level domain names nobody. */
function hostPatternFault(text: string): Fault | undefined {
  if (!text.startsWith('*')) return hostFault(text);
  const domain = text.replace(/^\*\.?/, '');
  if (!text.startsWith('*.') || !domain.includes('.') || domain.includes('*')) {
    return { message: `${show(text)} covers far more than one organisation`, fix: 'name a host, or `*.` and a domain' };
  }
  return domainFault(domain);
}

function withoutScheme(text: string, what: string): Fault {
  const host = URL.canParse(text) ? new URL(text).hostname : '';
  return { message: `the value is a URL, not ${what}`, fix: host ? `write ${show(host)}` : undefined };
}

function emailFault(text: string): Fault | undefined {
  const message = `${show(text)} is not a mail address`;
  const inside = /<([^<>\s]+@[^<>\s]+)>\s*$/.exec(text.slice(0, 1000))?.[1] ?? text.trim();
  if (inside !== text && !emailFault(inside)) return { message, fix: `write ${show(inside)}` };
  const [local = '', domain, ...rest] = text.split('@');
  if (domain === undefined || rest.length > 0) return { message, fix: 'write one address, such as `team@example.com`' };
  // RFC 5322's unquoted form; 64 octets are RFC 5321's limit.
  if (!/^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(local) || local.length > 64) {
    return {
      message: `${message}: what stands before the @ is none`,
      fix: 'write an address such as `team@example.com`',
    };
  }
  const fault = domainFault(domain.toLowerCase());
  return fault && { message: `${message}: ${fault.message}`, fix: 'write an address such as `team@example.com`' };
}

/** A group as the OIDC issuer names it. Kubernetes' own groups must stay out of its reach. */
function groupFault(text: string): Fault | undefined {
  if (text === '')
    return { message: 'the name of the group is empty', fix: 'write the group as the OIDC issuer names it' };
  if (/^system:/i.test(text)) {
    return { message: `${show(text)} is a group of Kubernetes' own`, fix: 'name a group of the OIDC issuer' };
  }
  const trimmed = text.trim();
  if (trimmed !== text && !groupFault(trimmed)) {
    return { message: `${show(text)} has blanks around it`, fix: `write ${show(trimmed)}` };
  }
  if (/[\s\p{C}]/u.test(text))
    return { message: `${show(text)} has blanks or control characters`, fix: 'name one group' };
  if (text.includes('*'))
    return { message: `${show(text)} has a wildcard, and groups are matched whole`, fix: 'name one group' };
  // Argo CD takes no project with such a group.
  if (text.includes('"')) return { message: `${show(text)} has a quotation mark`, fix: 'name a group without one' };
  if (text.length > 256)
    return { message: `${show(text)} is too long for a group`, fix: 'write at most 256 characters' };
  return undefined;
}

/** `host[:port][/path]`: where images come from, without scheme, tag or digest. */
function registryFault(text: string): Fault | undefined {
  if (text.includes('@') && !/@sha256:[0-9a-f]+$/.test(text)) {
    return {
      message: 'the value (not shown) holds a user or password',
      fix: `write ${REGISTRY_EXAMPLE}`,
      secret: true,
    };
  }
  const bare = text.replace(/^[a-z]+:\/\//i, '').replace(/\/+$/, '');
  if (bare !== text) {
    const fix = `write ${registryFault(bare) ? REGISTRY_EXAMPLE : show(bare)}`;
    return { message: `${show(text)} ${text.includes('://') ? 'has a scheme' : 'ends with a slash'}`, fix };
  }
  const [address = '', ...path] = text.split('/');
  const [host = '', port, ...rest] = address.split(':');
  const message = `${show(text)} is not a registry`;
  // Without a dot or a port, container runtimes take the first part for a path on Docker Hub.
  if (host !== 'localhost' && port === undefined && !host.includes('.') && !subdomainFault(host)) {
    return {
      message: `${message}: ${show(host)} is no host`,
      fix: `write the host too, such as ${show(`docker.io/${text}`)}`,
    };
  }
  const fault = subdomainFault(host);
  if (fault) return { message: `${message}: ${fault.message}`, fix: `write ${REGISTRY_EXAMPLE}` };
  if (rest.length > 0 || (port !== undefined && !isPort(port))) {
    return { message: `${message}: its port is no number from 1 to 65535`, fix: `write ${REGISTRY_EXAMPLE}` };
  }
  const last = path.at(-1) ?? '';
  if (/[:@]/.test(last)) {
    return { message: `${show(text)} names one image`, fix: `write ${show(text.slice(0, text.search(/[:@][^/]*$/)))}` };
  }
  // Path components of the OCI distribution specification.
  if (path.every((part) => /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/.test(part))) return undefined;
  const lower = text.toLowerCase();
  const fix = lower !== text && !registryFault(lower) ? `write ${show(lower)}` : `write ${REGISTRY_EXAMPLE}`;
  return { message: `${message}: its path must be lower-case letters, digits, dots and dashes`, fix };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535;
}

/** An exact semantic version. A leading `v` is allowed, since several projects tag their charts so. */
function versionFault(text: string): Fault | undefined {
  const number = '(?:0|[1-9]\\d*)';
  const exact = new RegExp(`^v?${number}\\.${number}\\.${number}(?:-[0-9A-Za-z.-]+)?(?:\\+[0-9A-Za-z.-]+)?$`);
  if (exact.test(text) && text.length <= 128) return undefined;
  const short = /^[v^~=\s]*(\d+(?:\.\d+){0,2})$/.exec(text.slice(0, 128))?.[1];
  const padded = short && `${short}.0.0`.split('.').slice(0, 3).join('.');
  return {
    message: `${show(text)} is not an exact version`,
    fix: padded && exact.test(padded) ? `write ${show(padded)}` : 'write all three numbers, such as `1.2.3`',
  };
}

/** `1.minor.patch`, of a minor version that Keelson knows. */
function kubernetesVersionFault(text: string): Fault | undefined {
  const supported = `1.${OLDEST_MINOR} to 1.${NEWEST_MINOR}`;
  const match = /^v?(\d+)\.(\d+)(?:\.(0|[1-9]\d*))?$/.exec(text.trim().slice(0, 20));
  const [, major, minor, patch] = match ?? [];
  if (!match)
    return {
      message: `${show(text)} is not a Kubernetes version`,
      fix: `write one of ${supported}, such as \`1.${NEWEST_MINOR}.3\``,
    };
  if (major !== '1' || Number(minor) < OLDEST_MINOR || Number(minor) > NEWEST_MINOR) {
    return { message: `Kubernetes ${show(text)} is not supported`, fix: `write one of ${supported}` };
  }
  if (patch === undefined)
    return { message: `${show(text)} has no patch version`, fix: `write all three numbers, such as \`1.${minor}.3\`` };
  const exact = `1.${Number(minor)}.${patch}`;
  return exact === text ? undefined : { message: `${show(text)} is not a plain version`, fix: `write \`${exact}\`` };
}

function regionFault(text: string): Fault | undefined {
  if (/^[a-z]{2}(?:-[a-z]{3,5})?-(?:north|south|east|west|central|(?:north|south)(?:east|west))-\d$/.test(text))
    return undefined;
  const zone = /^(.*\d)[a-z]$/.exec(text.slice(0, 30))?.[1];
  if (zone && !regionFault(zone))
    return { message: `${show(text)} is an availability zone`, fix: `write ${show(zone)}` };
  const near = nearest(text, WELL_KNOWN_REGIONS);
  return {
    message: `${show(text)} is not an AWS region`,
    fix: near ? `write \`${near}\`` : 'write a region such as `eu-central-1`',
  };
}

function accountFault(text: string): Fault | undefined {
  if (/^\d{12}$/.test(text)) return undefined;
  const digits = text.slice(0, 100).replace(/\D/g, '');
  const fix =
    digits.length === 12
      ? `write \`${digits}\``
      : `write twelve digits${digits === text ? `, not ${digits.length}` : ''}`;
  return { message: `${show(text)} is not an AWS account number`, fix };
}

/** Amazon S3's rules for names of general purpose buckets. */
function bucketFault(text: string): Fault | undefined {
  const message = `${show(text)} is not a bucket name`;
  if (text.length < 3 || text.length > 63) {
    return { message: `${message}: it is ${text.length} characters long`, fix: 'write 3 to 63 characters' };
  }
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text))
    return { message: `${message}: it has the form of an address`, fix: 'use letters' };
  const affix = /^(?:xn--|sthree-|amzn-s3-demo-)|(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.exec(text)?.[0];
  if (affix) return { message: `${message}: \`${affix}\` is reserved`, fix: 'choose another name' };
  return subdomainFault(text);
}
