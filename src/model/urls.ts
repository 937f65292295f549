import type { Fault } from './fault';
import { subdomainFault } from './names';
import { show } from './show';

/** A user and host as git's short form of SSH has it: `git@github.com:team/repository.git`. */
const SCP_FORM = /^(?:([^\s@:/]+)(:[^\s@/]*)?@)?([^\s@:/]+):(?!\/\/)([^\s]+)$/;
const GIT_EXAMPLE = '`https://git.example.com/team/repository.git`';

/** Why the text is no `https://` URL such as an OIDC issuer's: credentials, queries and fragments are faults. */
export function httpsUrlFault(text: string): Fault | undefined {
  const url = parse(text);
  if (!url) return malformed(text, 'an https URL', '`https://login.example.com`', httpsUrlFault);
  const secret = secretFault(url, true);
  if (secret) return secret;
  if (url.protocol !== 'https:') {
    const secure = `https://${text.slice(text.indexOf('://') + 3)}`;
    const fix = parse(secure) && !httpsUrlFault(secure) ? `write ${show(secure)}` : 'write an https URL';
    return { message: `${show(text)} is not an https URL`, fix };
  }
  if (url.hash)
    return { message: `${show(text)} has a fragment`, fix: `write ${show(text.slice(0, text.indexOf('#')))}` };
  return urlHostFault(text, url);
}

/**
 * Why the text is no URL that git can clone without anybody's password in it: `https://`, `ssh://`, `git@host:path` or
 * `file:///`. Plain http is taken from loopback only, where nobody listens in.
 */
export function gitUrlFault(text: string): Fault | undefined {
  return locationFault(text) ?? patternFault(text);
}

/** Argo CD reads the URLs of a project as patterns and those of an ApplicationSet as templates. */
function patternFault(text: string): Fault | undefined {
  const withoutAddress = text.replace(/^([a-z]+:\/\/(?:[^/@]*@)?)\[[0-9a-f:.]+\]/i, '$1');
  const found = [...new Set(withoutAddress.match(/[*?!{}[\]]/g))].join(' ');
  if (found !== '') {
    const message = `${show(text)} has characters of patterns in it: ${found}`;
    return { message, fix: 'name one repository, character by character' };
  }
  // What a server makes of it is another repository than its text says.
  if (!/(?:^|[/:])\.{1,2}(?:\/|$)/.test(text)) return undefined;
  return { message: `${show(text)} has a part that is a dot or two`, fix: 'write the path itself' };
}

function locationFault(text: string): Fault | undefined {
  const url = parse(text);
  if (!url) return scpFault(text);
  const ssh = url.protocol === 'ssh:';
  const secret = secretFault(url, !ssh);
  if (secret) return secret;
  if (url.hash)
    return { message: `${show(text)} has a fragment`, fix: `write ${show(text.slice(0, text.indexOf('#')))}` };
  if (url.protocol === 'file:') {
    if (url.host)
      return { message: `${show(text)} names a host`, fix: `write ${show(`file:///${url.host}${url.pathname}`)}` };
    return url.pathname === '/' ? noPath(text) : undefined;
  }
  if (url.protocol === 'http:' && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname))
    return pathFault(text, url);
  if (!ssh && url.protocol !== 'https:') {
    const secure = `https://${text.slice(text.indexOf('://') + 3)}`;
    const fix = !gitUrlFault(secure) ? `write ${show(secure)}` : 'write an https, ssh or file URL';
    return { message: `${show(text)} is not an https, ssh or file URL`, fix };
  }
  return urlHostFault(text, url) ?? pathFault(text, url);
}

function scpFault(text: string): Fault | undefined {
  if (text.startsWith('/')) {
    const fix = `write ${show(`file://${text}`)}`;
    return { message: `${show(text)} is a path, not a URL`, fix };
  }
  const match = SCP_FORM.exec(text.slice(0, 2000));
  const [, user, password, host = ''] = match ?? [];
  if (password !== undefined)
    return { message: 'the URL holds a password', fix: 'write `git@host:path` and let git ask', secret: true };
  if (user === undefined) return malformed(text, 'a git URL', GIT_EXAMPLE, gitUrlFault);
  const fault = subdomainFault(host);
  return fault && { message: `${show(text)} is not a git URL: ${fault.message}`, fix: fault.fix };
}

/** Undefined for what is no URL with `://`, or one that only a forgiving parser takes. */
function parse(text: string): URL | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /[\s\\\p{C}]/u.test(text) || text.length > 2000) return undefined;
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** A user alone is a token as often as not, except with SSH, where it is an account. Queries carry tokens too. */
function secretFault(url: URL, userToo: boolean): Fault | undefined {
  const credentials = url.password !== '' || (userToo && url.username !== '');
  if (!credentials && url.search === '') return undefined;
  const clean = `${url.protocol}//${!userToo && url.username ? `${url.username}@` : ''}${url.host}${url.pathname === '/' ? '' : url.pathname}`;
  return {
    message: credentials
      ? 'the URL holds a user or password (not shown)'
      : 'the URL has a query (not shown: queries carry tokens)',
    fix: credentials ? `write ${show(clean)} and leave the credentials out` : `write ${show(clean)}`,
    secret: true,
  };
}

function malformed(text: string, what: string, example: string, check: (text: string) => Fault | undefined): Fault {
  const fix = `write a URL such as ${example}`;
  // What stands before an @ may be a password, whether or not the rest is a URL.
  if (text.includes('@')) return { message: `the value (not shown) is not ${what}`, fix, secret: true };
  const better = `https://${text}`;
  const usable = /^[^/:]+[.:]/.test(text) && !text.includes('://') && parse(better) && !check(better);
  return { message: `${show(text)} is not ${what}`, fix: usable ? `write ${show(better)}` : fix };
}

function urlHostFault(text: string, url: URL): Fault | undefined {
  if (url.hostname.startsWith('[')) return undefined;
  const fault = subdomainFault(url.hostname);
  return fault && { message: `${show(text)} has no valid host: ${fault.message}`, fix: 'correct the host' };
}

function pathFault(text: string, url: URL): Fault | undefined {
  return url.pathname === '' || url.pathname === '/' ? noPath(text) : undefined;
}

function noPath(text: string): Fault {
  return {
    message: `${show(text)} names no repository`,
    fix: `add its path, such as ${show(`${text.replace(/\/$/, '')}/team/repository.git`)}`,
  };
}
