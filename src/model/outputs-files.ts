import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster';
import type { OutputsDeclaration } from './declare';
import { compareText, type Finding } from './finding';
import {
  type ClusterOutputs,
  OUTPUTS_ENDING,
  OUTPUTS_FOLDER,
  outputsCommand,
  outputsFile,
  outputsPath,
} from './outputs';
import outputsSchema from './schema/outputs.schema.json';
import { validateShape } from './validate';

/** Files of outputs below a platform's root, as they were read. */
export interface ReadOutputs {
  readonly outputs: readonly OutputsDeclaration[];
  readonly findings: readonly Finding[];
}

/** Reads `clusters/*.outputs.json`. Another JSON file there, and one that is no JSON, is a finding. */
export function readOutputs(root: string): ReadOutputs {
  const folder = join(root, OUTPUTS_FOLDER);
  const outputs: OutputsDeclaration[] = [];
  const findings: Finding[] = [];
  if (!existsSync(folder)) return { outputs, findings };
  // Folders are a rendered tree's.
  const names = readdirSync(folder, { withFileTypes: true }).filter((one) => !one.isDirectory());
  for (const { name } of names.sort((a, b) => compareText(a.name, b.name))) {
    const file = `${OUTPUTS_FOLDER}/${name}`;
    const tell = (rule: string, message: string, fix: string) =>
      findings.push({ rule, severity: 'error', file, message, fix });
    if (!name.endsWith(OUTPUTS_ENDING)) {
      if (name.endsWith('.json')) tell('config/misplaced', 'is read by nobody', `name it <cluster>${OUTPUTS_ENDING}`);
      continue;
    }
    const cluster = name.slice(0, -OUTPUTS_ENDING.length);
    try {
      outputs.push({ file, cluster, value: JSON.parse(readFileSync(join(folder, name), 'utf8')) as unknown });
    } catch (error) {
      tell('outputs/syntax', `cannot be read as JSON: ${(error as Error).message}`, `run ${outputsCommand(cluster)}`);
    }
  }
  return { outputs, findings };
}

/**
 * Writes the outputs of a cluster, as it is described, beside `platform.ts`, in one step. Gives the file's name relative
 * to the root and whether anything in it changed; or findings, and then writes nothing.
 */
export function writeOutputs(
  root: string,
  cluster: Cluster,
  outputs: ClusterOutputs,
): { readonly file: string; readonly changed: boolean; readonly findings: readonly Finding[] } {
  const file = outputsPath(cluster.name);
  const content = sorted(outputsFile(cluster, outputs));
  const findings = validateShape(outputsSchema, content, { file });
  if (findings.length > 0) return { file, changed: false, findings };
  const text = `${JSON.stringify(content, undefined, 2)}\n`;
  const path = join(root, file);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return { file, changed: false, findings };
  mkdirSync(join(root, OUTPUTS_FOLDER), { recursive: true });
  const fresh = `${path}.${randomUUID()}.tmp`;
  writeFileSync(fresh, text);
  renameSync(fresh, path);
  return { file, changed: true, findings };
}

/** Names of maps in one order, so that the same outputs are the same bytes; the file's own fields keep theirs. */
function sorted(file: ReturnType<typeof outputsFile>): ReturnType<typeof outputsFile> {
  const inOrder = <T extends Readonly<Record<string, string>>>(map: T): T =>
    Object.fromEntries(Object.entries(map).sort(([a], [b]) => compareText(a, b))) as T;
  const { api, issuer, network, buckets, roles, keys, zones, ...unknown } = file.outputs;
  return {
    ...file,
    outputs: {
      api,
      issuer,
      network,
      ...(buckets ? { buckets: inOrder(buckets) } : {}),
      ...(roles ? { roles: inOrder(roles) } : {}),
      ...(keys ? { keys: inOrder(keys) } : {}),
      ...(zones ? { zones: inOrder(zones) } : {}),
      ...unknown,
    },
  };
}
