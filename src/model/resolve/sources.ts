import type { Cluster } from '../cluster';
import { compareText } from '../finding';
import { downloadHosts } from '../hosts';
import type { ActiveComponent } from './components';

/** Every repository that Applications of the platform take manifests from, in code-unit order. */
export function sourcesOf(active: Iterable<ActiveComponent>, cluster: Cluster): readonly string[] {
  const sources = new Set([cluster.platform.gitops.url]);
  for (const { declaration } of active) {
    for (const source of [declaration.chart, declaration.manifests, declaration.crds?.source]) {
      if (source) sources.add(sourceUrl(source.repository));
    }
    for (const source of declaration.sources ?? []) sources.add(sourceUrl(source));
  }
  return [...sources].sort(compareText);
}

/** A repository as Argo CD writes it: an OCI registry has no scheme there. */
export function sourceUrl(repository: string): string {
  return repository.replace(/^oci:\/\//, '');
}

/**
 * Hosts of those repositories and of tenants', and those that they redirect to, as `host` or `host:port`; a repository
 * on the machine itself has none.
 */
export function sourceHosts(active: Iterable<ActiveComponent>, cluster: Cluster): readonly string[] {
  const own = sourcesOf(active, cluster).flatMap((source) => hostOf(source) ?? []);
  const teams = cluster.platform.gitHosts.map((host) => host.replace(/:443$/, ''));
  return [...new Set([...own, ...teams].flatMap(downloadHosts))].sort(compareText);
}

function hostOf(source: string): string | undefined {
  if (source.startsWith('file:') || source.startsWith('/')) return undefined;
  const scp = /^[^/@]+@([^:/]+):/.exec(source);
  if (scp) return `${scp[1]}:22`;
  const url = new URL(source.includes('://') ? source : `https://${source}`);
  if (url.port) return `${url.hostname}:${url.port}`;
  return url.protocol === 'ssh:' ? `${url.hostname}:22` : url.hostname;
}
