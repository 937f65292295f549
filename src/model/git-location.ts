import { compareText } from './finding';
import type { PlatformProps } from './platform.generated';

/** Ports of HTTPS and SSH, by which a host is asked that is named without one. */
const PORTS = [443, 22] as const;

/** Where a git URL points. */
interface GitLocation {
  /** Empty for a repository on the machine itself. */
  readonly host: string;
  /** @default - the URL's scheme says it */
  readonly port?: number;
  readonly ssh: boolean;
  readonly path: string;
}

/** `host:port` that a git URL is fetched from; undefined for a repository on the machine itself. */
export function gitEndpoint(url: string): string | undefined {
  const { host, port, ssh } = locate(url);
  return host === '' ? undefined : `${host}:${port ?? (ssh ? 22 : 443)}`;
}

/**
 * One text for all URLs of a repository: neither scheme, user, port, letters' case, slashes nor `.git` tells two apart,
 * since forges serve the same for all of them.
 */
export function repositoryKey(url: string): string {
  const { host, path } = locate(url);
  const parts = decoded(path).toLowerCase().split('/').filter(Boolean);
  return [host, ...parts].join('/').replace(/(?:\.git)+$/, '');
}

/** The last part of a git URL without `.git`. */
export function repositoryName(url: string): string {
  return (
    decoded(locate(url).path)
      .replace(/\/+$/, '')
      .split('/')
      .at(-1)
      ?.replace(/\.git$/i, '') ?? ''
  );
}

/** Where repositories of tenants may be, as `host:port` in code-unit order; empty where all are on the machine itself. */
export function gitHostsOf({ gitops, gitHosts }: PlatformProps): readonly string[] {
  const own = gitEndpoint(gitops.url);
  const named = gitHosts ?? (own === undefined ? [] : [locate(gitops.url).host]);
  const all = named.flatMap((host) => (host.includes(':') ? [host] : PORTS.map((port) => `${host}:${port}`)));
  return [...new Set([...all, ...(own === undefined ? [] : [own])])].sort(compareText);
}

function locate(url: string): GitLocation {
  if (!url.includes('://')) {
    const [, host = '', path = ''] = /^(?:[^/@]+@)?([^:/]+):(.*)$/.exec(url) ?? [];
    return { host: withoutDot(host.toLowerCase()), ssh: true, path };
  }
  const { protocol, hostname, port, pathname } = new URL(url);
  return {
    host: withoutDot(hostname.toLowerCase()),
    ...(port === '' ? {} : { port: Number(port) }),
    ssh: protocol === 'ssh:',
    path: pathname,
  };
}

/** A name that ends with a dot is the same one. */
function withoutDot(host: string): string {
  return host.replace(/\.$/, '');
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
