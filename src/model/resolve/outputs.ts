import type { Cluster } from '../cluster';
import type { OutputsDeclaration } from '../declare';
import { descriptionDigest, outputsCommand, outputsPath, type OutputsFile } from '../outputs';
import outputsSchema from '../schema/outputs.schema.json';
import { validateShape } from '../validate';
import { suggest } from './clusters';
import type { ActiveComponent } from './components';
import type { Findings } from './findings';

/**
 * Outputs by cluster: those whose file holds. One that is broken, stale or contradicts `platform.ts` becomes findings,
 * and its cluster is resolved as if it were not there.
 */
export function resolveOutputs(
  files: readonly OutputsDeclaration[],
  clusters: ReadonlyMap<string, Cluster>,
  findings: Findings,
): ReadonlyMap<string, OutputsFile> {
  const good = new Map<string, OutputsFile>();
  for (const { file, cluster: name, value } of files) {
    const cluster = clusters.get(name);
    if (!cluster) {
      findings.error(file, {
        rule: 'outputs/unknown-cluster',
        message: `is named after '${name}', and platform.ts has no such cluster`,
        fix: `remove it, or rename it: ${suggest(name, [...clusters.keys()])}`,
      });
      continue;
    }
    const faults = validateShape(outputsSchema, value, { file });
    findings.all.push(...faults);
    if (faults.length > 0) continue;
    const read = value as OutputsFile;
    const before = findings.all.length;
    check(file, read, cluster, findings);
    if (findings.all.length === before) good.set(name, read);
  }
  return good;
}

function check(file: string, read: OutputsFile, cluster: Cluster, findings: Findings): void {
  const fix = `run ${outputsCommand(cluster.name)}`;
  const tell = (rule: string, field: string, value: unknown, message: string) =>
    findings.error(file, { rule, field, ...(value === undefined ? {} : { value }), message, fix });
  if (read.metadata.name !== cluster.name) {
    tell('outputs/name', 'metadata.name', read.metadata.name, `is another cluster's: the file is ${cluster.name}'s`);
    return;
  }
  if (read.description !== descriptionDigest(cluster)) {
    const changed = differences(read, cluster).map(({ field, is }) => `${field} is now ${is}`);
    const how = changed.length > 0 ? `: ${changed.join(', ')}` : '';
    tell(
      'outputs/stale',
      'description',
      undefined,
      `is stale: platform.ts describes cluster '${cluster.name}' otherwise than when it was provisioned${how}`,
    );
    return;
  }
  for (const { field, was, is } of differences(read, cluster)) {
    tell('outputs/contradiction', `outputs.${field}`, was, `was edited by hand: platform.ts says ${is}`);
  }
  if (cluster.provider === 'local') return;
  for (const part of ['buckets', 'roles'] as const) {
    if (read.outputs[part] !== undefined) continue;
    tell(
      'outputs/missing',
      `outputs.${part}`,
      undefined,
      `is missing: a cluster of provider '${cluster.provider}' has it`,
    );
  }
  for (const [role, arn] of Object.entries(read.outputs.roles ?? {})) {
    if (arn.split(':')[4] === cluster.accountId) continue;
    const field = `outputs.roles.${role}`;
    tell('outputs/contradiction', field, arn, `is in another account than the cluster, ${cluster.accountId ?? ''}`);
  }
}

/** Values that the description decides and the file holds otherwise. */
function differences(
  { outputs }: OutputsFile,
  { network, storage }: Cluster,
): readonly { readonly field: string; readonly was: string; readonly is: string }[] {
  const pairs: (readonly [string, string | undefined, string | undefined])[] = [
    ...(['podCidr', 'serviceCidr', 'nodeCidr'] as const).map(
      (range) => [`network.${range}`, outputs.network[range], network[range]] as const,
    ),
    ...(['backups', 'logs', 'traces'] as const).map(
      (use) => [`buckets.${use}`, outputs.buckets?.[use], storage?.[use]] as const,
    ),
  ];
  return pairs.flatMap(([field, was, is]) =>
    was !== undefined && is !== undefined && was !== is ? [{ field, was, is }] : [],
  );
}

/** Every identity that an add-on acts as must have been provisioned: its Pods would start and be refused by the cloud. */
export function checkRoles(active: Iterable<ActiveComponent>, cluster: Cluster, findings: Findings): void {
  const roles = cluster.provisioned?.roles;
  if (cluster.provider === 'local' || !roles) return;
  for (const { name, declaration } of active) {
    for (const { role } of declaration.identities ?? []) {
      if (Object.hasOwn(roles, role)) continue;
      findings.error(outputsPath(cluster.name), {
        rule: 'outputs/missing',
        field: `outputs.roles.${role}`,
        message: `is missing: ${name} acts as it on cluster '${cluster.name}'`,
        fix: `run ${outputsCommand(cluster.name)}`,
      });
    }
  }
}
