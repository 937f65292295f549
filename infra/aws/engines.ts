import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Cluster } from '../../src/model/cluster';
import type { ControlPlane } from '../../src/model/control-plane';
import { getEngine, isEngine } from '../../src/engines';
import { describeHosts, describeWorker } from '../control-plane';
import { type EngineFile, enginesOf, poolEngines } from './host-bundle';
import { awsSite } from './site';

/** Names of all programs that the machines of a cluster must be given, in code-unit order. */
export function clusterEngines(cluster: Cluster, controlPlane: ControlPlane): readonly string[] {
  const site = awsSite(cluster, controlPlane);
  const hosts = describeHosts(cluster, site).flatMap(enginesOf);
  const pools = cluster.nodePools.flatMap((pool) => poolEngines(describeWorker(cluster, site, pool), pool));
  return [...new Set([...hosts, ...pools])].sort();
}

/**
 * The files of these programs for Linux on amd64: those that somebody gives by path, and Keelson's own engines. Each is
 * read once more for its digest, which machines then insist on. Rejects with everything that is missing at once.
 */
export async function engineFiles(
  names: readonly string[],
  given: Readonly<Record<string, string>> = {},
  machine: { readonly platform: string; readonly arch: string } = process,
): Promise<readonly EngineFile[]> {
  const own = names.filter((name) => given[name] === undefined);
  const unknown = own.filter((name) => !isEngine(name));
  if (unknown.length > 0) {
    throw new Error(
      `machines in AWS run ${unknown.join(', ')}, which Keelson cannot fetch: give the path of each, for Linux on ` +
        `amd64, by \`pulumi config set --path keelson:engines.<name> <path>\``,
    );
  }
  if (own.length > 0 && (machine.platform !== 'linux' || machine.arch !== 'x64')) {
    throw new Error(
      `machines in AWS run Linux on amd64, and this one is ${machine.platform} on ${machine.arch}: run Pulumi on ` +
        `Linux, or give the path of each of ${own.join(', ')} by keelson:engines`,
    );
  }
  const files: EngineFile[] = [];
  for (const name of names) {
    const source = given[name] ?? (isEngine(name) ? await getEngine(name) : '');
    files.push({ name, sha256: await digestOf(source), source });
  }
  return files;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
