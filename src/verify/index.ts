import { loadAll } from 'js-yaml';
import type { Tree } from '../gitops/tree';
import { compareFindings, type Finding, type Severity } from '../model/finding';
import { checkObject, type SchemaProblem } from '../schemas';

/** A Kubernetes object and where it stands. */
interface Placed {
  readonly object: unknown;
  readonly file: string;
  /** The document's number in its file, from 1 on. */
  readonly document: number;
}

/** What was found in a tree, and over how much. */
export interface Verification {
  readonly findings: readonly Finding[];
  /** YAML and JSON files read. */
  readonly files: number;
  /** Objects judged. */
  readonly objects: number;
}

/** Files that hold objects, by their ending. */
const MANIFEST = /\.(ya?ml|json)$/;

/** Group of Keelson's own documents, which stand beside the tree and are never applied. */
const OWN_GROUP = 'platform.keelson.dev/';

/**
 * Checks every object of a tree, whoever wrote it: each must be of a known kind and valid. A file that cannot be read
 * as YAML is a finding, never skipped.
 */
export function verifyTree(tree: Tree): Verification {
  const paths = [...tree.files.keys()].filter((path) => MANIFEST.test(path));
  const findings: Finding[] = [];
  let objects = 0;
  for (const file of paths) {
    for (const placed of read(tree, file, findings)) {
      if (isOwn(placed.object)) continue;
      objects++;
      findings.push(...judge(placed));
    }
  }
  return { findings: findings.sort(compareFindings), files: paths.length, objects };
}

function read(tree: Tree, file: string, findings: Finding[]): readonly Placed[] {
  try {
    const documents = loadAll(tree.read(file).toString('utf8')) as unknown[];
    return documents.flatMap((object, i) => unfold(object).map((one) => ({ object: one, file, document: i + 1 })));
  } catch (error) {
    const { reason, mark } = error as { reason?: string; mark?: { line: number } };
    findings.push({
      rule: 'verify/yaml',
      severity: 'error',
      file,
      ...(mark ? { line: mark.line + 1 } : {}),
      message: `is not YAML: ${reason ?? String(error)}`,
    });
    return [];
  }
}

/** Empty documents hold nothing; a List holds its items. */
function unfold(object: unknown): readonly unknown[] {
  if (object === null || object === undefined) return [];
  const { apiVersion, kind, items } = object as { apiVersion?: unknown; kind?: unknown; items?: unknown };
  return apiVersion === 'v1' && kind === 'List' && Array.isArray(items) ? items.flatMap(unfold) : [object];
}

function isOwn(object: unknown): boolean {
  const { apiVersion } = object as { apiVersion?: unknown };
  return typeof apiVersion === 'string' && apiVersion.startsWith(OWN_GROUP);
}

function judge(placed: Placed): readonly Finding[] {
  const { object, file, document } = placed;
  const { apiVersion, kind } = object as { apiVersion?: unknown; kind?: unknown };
  if (apiVersion === undefined && kind === undefined) {
    return [
      {
        rule: 'verify/no-object',
        severity: 'error',
        file,
        object: `document ${document}`,
        message: 'is no Kubernetes object: it has neither apiVersion nor kind',
        fix: 'name a folder that holds Kubernetes objects alone',
      },
    ];
  }
  const title = titleOf(placed);
  return checkObject(object).map((problem) => ({
    rule: `schema/${problem.rule}`,
    severity: severityOf(problem),
    file,
    field: problem.path,
    value: problem.value,
    message: problem.message,
    ...(problem.fix ? { fix: problem.fix } : {}),
    object: title,
  }));
}

/** Objects that others wrote may leave their namespace to whoever applies them, as charts do. */
function severityOf({ path, value }: SchemaProblem): Severity {
  return path === 'metadata.namespace' && value === undefined ? 'warning' : 'error';
}

/** `Kind namespace/name`, of whatever of it is there. */
function titleOf({ object, document }: Placed): string {
  const { kind, metadata } = object as { kind?: unknown; metadata?: { name?: unknown; namespace?: unknown } | null };
  const [name, namespace] = [metadata?.name, metadata?.namespace].map((text) => (typeof text === 'string' ? text : ''));
  return `${typeof kind === 'string' ? kind : `document ${document}`} ${namespace ? `${namespace}/` : ''}${name}`.trim();
}
