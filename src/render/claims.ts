import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { load as parseYaml } from 'js-yaml';
import type { Document, LineCounter } from 'yaml';
import type { TenantProps } from '../model/claim.generated';
import { type Platform, stage, Tenant, type TenantDeclaration } from '../model/declare';
import { compareText, type Finding } from '../model/finding';
import { CLAIM_VERSIONS, type ClaimVersion, CURRENT_CLAIM } from '../model/claim-versions';
import { validateShape } from '../model/validate';
import { fileFinding, nameOf } from './file-finding';
import { digest, Kept } from './kept';

/** Where loading keeps what it worked out. */
export interface LoadCache {
  readonly directory: string;
  /** Digest of the code that reads and checks. */
  readonly code: string;
}

/** Bytes that a claim may have: many times what one with every field needs, and too few to exhaust a parser. */
const CLAIM_LIMIT = 256 * 1024;

type LineOf = (path: readonly (string | number)[]) => number | undefined;

/**
 * Reads `tenants/claims/*.yaml` and declares a tenant for each. What claims say that were found right is kept as JSON,
 * by the digest of their text and of the code that judged them: parsing and checking ten thousand takes a while.
 */
export function loadClaims(
  root: string,
  platform: Platform,
  findings: Finding[],
  cache?: LoadCache,
): readonly TenantDeclaration[] {
  const kept = new Kept(cache && join(cache.directory, 'claims.json'));
  const tenants: TenantDeclaration[] = [];
  for (const file of claimFiles(root, findings)) {
    const text = readFileSync(join(root, file), 'utf8');
    const lineOf = positions(text);
    const key = digest(`${cache?.code ?? ''}\0${file}\0${text}`);
    let json = kept.get(key);
    if (json === undefined) {
      const read = readClaim(file, text, lineOf, platform, findings);
      if (read === undefined) continue;
      json = read.json;
      // One that is told about stays out: the next run must tell it again.
      if (read.version === CURRENT_CLAIM) kept.put(key, json);
    }
    const props = declare(file, platform, JSON.parse(json) as TenantProps, findings);
    if (!props) continue;
    const inSpec: LineOf = (path) => lineOf(['spec', ...path]);
    tenants.push({ name: nameOf(file), props, file, prefix: 'spec', lineOf: inSpec, checked: true });
  }
  kept.save();
  return tenants;
}

/** YAML files of the claims' folder. A file with another ending is a finding: nobody wrote it to be ignored. */
function claimFiles(root: string, findings: Finding[]): readonly string[] {
  const directory = join(root, 'tenants', 'claims');
  if (!existsSync(directory)) return [];
  const entries = readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => compareText(a.name, b.name));
  const files: string[] = [];
  for (const entry of entries) {
    const file = `tenants/claims/${entry.name}`;
    const isFile = entry.isSymbolicLink()
      ? statSync(join(root, file), { throwIfNoEntry: false })?.isFile()
      : entry.isFile();
    if (isFile && /\.ya?ml$/.test(entry.name)) files.push(file);
    else {
      const fix = 'let it be a file that ends in .yaml, or move it away';
      findings.push(fileFinding(file, 'config/not-a-claim', 'is no YAML file', fix));
    }
  }
  return files;
}

/** The claim's spec as JSON, in the words of the current version; undefined where anything is wrong with the claim. */
function readClaim(
  file: string,
  text: string,
  lineOf: LineOf,
  platform: Platform,
  findings: Finding[],
): { readonly json: string; readonly version: ClaimVersion } | undefined {
  if (text.length > CLAIM_LIMIT) {
    const message = `has ${text.length} characters, ${CLAIM_LIMIT} is the limit`;
    findings.push(fileFinding(file, 'config/too-large', message, 'take out what is no claim'));
    return undefined;
  }
  // What stands in the place of bytes that are no character.
  if (text.includes('\ufffd')) {
    const message = 'has bytes that are not UTF-8';
    findings.push(fileFinding(file, 'config/encoding', message, 'save it as UTF-8'));
    return undefined;
  }
  let claim: unknown;
  try {
    claim = parseYaml(text);
  } catch (error) {
    const { reason, mark } = error as { reason?: string; mark?: { line: number } };
    findings.push({
      ...fileFinding(
        file,
        'config/yaml',
        `is not YAML: ${reason ?? String(error)}`,
        'write plain YAML: spaces for indentation, text with special characters in quotes',
      ),
      ...(mark ? { line: mark.line + 1 } : {}),
    });
    return undefined;
  }
  const name = nameOf(file);
  const version = versionOf(claim);
  const faults = validateShape(version.schema, claim, { file, lineOf });
  findings.push(...faults.map((fault) => ({ ...fault, unit: name })));
  if (!faults.every(({ field }) => field?.startsWith('spec'))) return undefined;
  if (version.until !== undefined) findings.push(oldVersion(file, name, version, lineOf(['apiVersion'])));
  const { metadata, spec } = claim as { readonly metadata: { readonly name: string }; readonly spec: TenantProps };
  if (metadata.name !== name) {
    findings.push({
      ...fileFinding(
        file,
        'config/name',
        `claims tenant '${metadata.name}' in a file named '${name}'`,
        `rename the file to ${metadata.name}.yaml, or the tenant to '${name}'`,
      ),
      field: 'metadata.name',
    });
    return undefined;
  }
  if (faults.length === 0) return { json: JSON.stringify(version.convert(spec)), version };
  // Its name is taken all the same, so that a second tenant of that name is told at once.
  declare(file, platform, spec, findings);
  return undefined;
}

/** The version that a claim says it is; the current one where it says none that is read. */
function versionOf(claim: unknown): ClaimVersion {
  const said = (claim as { readonly apiVersion?: unknown } | null)?.apiVersion;
  return CLAIM_VERSIONS.find(({ apiVersion }) => apiVersion === said) ?? CURRENT_CLAIM;
}

function oldVersion(
  file: string,
  unit: string,
  { apiVersion, until }: ClaimVersion,
  line: number | undefined,
): Finding {
  return {
    rule: 'config/old-version',
    severity: 'warning',
    file,
    ...(line === undefined ? {} : { line }),
    field: 'apiVersion',
    value: apiVersion,
    message: `version ${apiVersion} of claims is read until ${until}`,
    fix: `write ${CURRENT_CLAIM.apiVersion}; docs/PLATFORM.md says what changed`,
    unit,
  };
}

function declare(file: string, platform: Platform, spec: TenantProps, findings: Finding[]): TenantProps | undefined {
  try {
    return stage(file, () => void new Tenant(platform, nameOf(file), spec))[0]?.props;
  } catch (error) {
    findings.push(fileFinding(file, 'config/throws', (error as Error).message));
    return undefined;
  }
}

/** Lines of fields, parsed again only when a finding asks. */
function positions(text: string): LineOf {
  let parsed: { document: Document; lines: LineCounter } | undefined;
  return (path) => {
    if (!parsed) {
      const { LineCounter, parseDocument } = require('yaml') as typeof import('yaml');
      const lines = new LineCounter();
      parsed = { document: parseDocument(text, { lineCounter: lines }), lines };
    }
    for (let length = path.length; length > 0; length--) {
      const node = parsed.document.getIn(path.slice(0, length), true);
      const range = (node as { range?: [number, number, number] } | undefined)?.range;
      if (range) return parsed.lines.linePos(range[0]).line;
    }
    return undefined;
  };
}
