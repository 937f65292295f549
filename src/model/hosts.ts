/**
 * Hosts that others hand downloads on to: who may reach the one and not the other gets an answer and no file.
 * From what their operators tell owners of firewalls.
 */
const REDIRECTS: Readonly<Record<string, readonly string[]>> = {
  'ghcr.io': ['pkg-containers.githubusercontent.com'],
  'github.com': ['release-assets.githubusercontent.com'],
  'public.ecr.aws': ['*.cloudfront.net'],
  'quay.io': ['*.quay.io'],
};

/** A host and all that a download from it may come from, as names or `*.` patterns; all of them on port 443. */
export function downloadHosts(host: string): readonly string[] {
  // Pages of GitHub hold the index of a chart repository; its charts are files of GitHub's releases.
  if (host.endsWith('.github.io')) return [host, ...downloadHosts('github.com')];
  return [host, ...(REDIRECTS[host] ?? [])];
}
