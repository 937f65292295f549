import type { PlatformProps } from '../model/platform.generated';
import type { ResolvedCluster } from '../model/slices';

/** The page that greets whoever opens the GitOps repository. It names clusters and no tenant. */
export function readme(platform: PlatformProps, clusters: readonly ResolvedCluster[]): string {
  const rows = clusters.map(
    ({ name, provider, region, kubernetesVersion, environments }) =>
      `| [${name}](clusters/${name}) | ${[provider, region].filter(Boolean).join(', ')} | ${kubernetesVersion} | ${environments.join(', ') || 'none'} |`,
  );
  return `# GitOps repository of ${platform.name}

Keelson renders everything here from the platform's own repository. Argo CD applies it. Change the source and publish
again: a file that was edited here is reported and not overwritten.

| cluster | where | Kubernetes | environments |
| --- | --- | --- | --- |
${rows.join('\n')}

In each cluster's folder:

- \`root.yaml\`: the one Application that bootstrap applies; it points at \`apps/\`.
- \`apps/\`: projects, one file an add-on, and the ApplicationSet that finds the tenants.
- \`baseline/<add-on>/\`: what stands beside an add-on's chart.
- \`tenants/<tenant>/\`: all of one tenant; a folder an environment where it has several.
- \`keelson.yaml\`: what the cluster is meant to be, for \`keelson verify\`; it is not applied.

Questions: ${platform.contact}
`;
}
