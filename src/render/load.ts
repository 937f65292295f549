import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { types } from 'node:util';
import { load as parseYaml } from 'js-yaml';
import { LineCounter, parseDocument } from 'yaml';
import type { Claim } from '../model/claim.generated';
import type { Component } from '../model/component';
import {
  type ComponentFile,
  type Declarations,
  Platform,
  stage,
  Tenant,
  type TenantDeclaration,
} from '../model/declare';
import { compareText, type Finding } from '../model/finding';
import claimSchema from '../model/schema/claim.schema.json';
import { validateShape } from '../model/validate';
import { baseline, namesIn } from './product';
import { UserCode, UserCodeError } from './user-code';

/** What stands in a platform's repository, as data. `declarations` is missing where platform.ts itself is broken. */
export interface Loaded {
  readonly declarations?: Declarations;
  readonly findings: readonly Finding[];
}

/** What a claim has around the tenant's own fields, which are checked where both forms of claim are. */
const CLAIM_FRAME = {
  ...claimSchema,
  $id: 'https://keelson.dev/schemas/claim-frame.json',
  properties: { ...claimSchema.properties, spec: {} },
};

/** Bytes that a claim may have: many times what one with every field needs, and too few to exhaust a parser. */
const CLAIM_LIMIT = 256 * 1024;

/**
 * Runs the team's files: `platform.ts`, `tenants/*.ts`, `tenants/claims/*.yaml` and `addons/*.ts` below `root`.
 * One file that is broken is one finding; the others are there all the same.
 */
export function load(root: string, cacheDirectory?: string): Loaded {
  const findings: Finding[] = [];
  // Whichever file runs first, each one's tenants are its own: a tenant may import another.
  const declared = new Map<string, readonly Tenant[]>();
  const code = new UserCode(
    root,
    (file, run) => {
      declared.set(file, stage(file, run));
    },
    cacheDirectory,
  );

  const platform = loadPlatform(root, code, findings);
  if (!platform) return { findings };

  for (const file of filesIn(root, 'tenants', findings)) {
    run(file, findings, () => {
      code.require(file);
      if (declared.get(file)?.length) return;
      findings.push(
        finding(
          file,
          'config/no-tenant',
          'declares no tenant',
          `add: new Tenant(platform, '${nameOf(file)}', { owner: …, groups: … })`,
        ),
      );
    });
  }
  const own = ownComponents(filesIn(root, 'addons', findings), code, findings);
  code.save();
  const tenants: TenantDeclaration[] = [...declared]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([file, some]) => some.map(({ name, props }) => ({ name, props, file })));
  for (const file of claimFiles(root, findings)) loadClaim(root, file, platform, tenants, findings);
  return {
    declarations: {
      platform: { file: 'platform.ts', props: platform.props },
      tenants,
      components: [...productComponents(), ...own],
    },
    // A file that several import fails each of them for one reason, told once.
    findings: [...new Set(findings)],
  };
}

/** TypeScript files of one of the team's folders. One that is misplaced is a finding: nobody wrote it to be ignored. */
function filesIn(root: string, folder: 'tenants' | 'addons', findings: Finding[]): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  for (const { name } of readdirSync(join(root, folder), { withFileTypes: true }).filter((one) => one.isFile())) {
    if (!/\.ya?ml$/.test(name)) continue;
    const fix = folder === 'tenants' ? `move it to tenants/claims/${name}` : 'move it away: an add-on is a .ts file';
    findings.push(finding(`${folder}/${name}`, 'config/misplaced', 'is a YAML file, which nothing reads here', fix));
  }
  return namesIn(join(root, folder)).map((name) => `${folder}/${name}.ts`);
}

function loadPlatform(root: string, code: UserCode, findings: Finding[]): Platform | undefined {
  const file = 'platform.ts';
  if (!existsSync(join(root, file))) {
    findings.push(
      finding(
        file,
        'config/no-platform',
        'is not there',
        'run keelson in a platform repository, or name one with --root',
      ),
    );
    return undefined;
  }
  let platform: Platform | undefined;
  run(file, findings, () => {
    const exported = (code.require(file) as { platform?: unknown }).platform;
    if (exported instanceof Platform) platform = exported;
    else
      findings.push(
        finding(
          file,
          'config/no-platform',
          `exports no 'platform'`,
          'write: export const platform = new Platform({ … })',
        ),
      );
  });
  return platform;
}

/** YAML files of the claims' folder. A file with another ending is a finding: nobody wrote it to be ignored. */
function claimFiles(root: string, findings: Finding[]): readonly string[] {
  const directory = join(root, 'tenants', 'claims');
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory)
    .filter((name) => !name.startsWith('.'))
    .map((name) => `tenants/claims/${name}`)
    .sort(compareText);
  const isClaim = (file: string) => /\.ya?ml$/.test(file) && statSync(join(root, file)).isFile();
  for (const file of files.filter((one) => !isClaim(one))) {
    findings.push(
      finding(file, 'config/not-a-claim', 'is no YAML file', 'let it be a file that ends in .yaml, or move it away'),
    );
  }
  return files.filter(isClaim);
}

function loadClaim(
  root: string,
  file: string,
  platform: Platform,
  tenants: TenantDeclaration[],
  findings: Finding[],
): void {
  const text = readFileSync(join(root, file), 'utf8');
  if (text.length > CLAIM_LIMIT) {
    findings.push(
      finding(
        file,
        'config/too-large',
        `has ${text.length} characters, ${CLAIM_LIMIT} is the limit`,
        'take out what is no claim',
      ),
    );
    return;
  }
  const lineOf = positions(text);
  let claim: unknown;
  try {
    claim = parseYaml(text);
  } catch (error) {
    const { reason, mark } = error as { reason?: string; mark?: { line: number } };
    findings.push({
      ...finding(
        file,
        'config/yaml',
        `is not YAML: ${reason ?? String(error)}`,
        'write plain YAML: spaces for indentation, text with special characters in quotes',
      ),
      ...(mark ? { line: mark.line + 1 } : {}),
    });
    return;
  }
  const faults = validateShape(CLAIM_FRAME, claim, { file, lineOf });
  if (faults.length > 0) {
    findings.push(...faults);
    return;
  }
  const { metadata, spec } = claim as Claim;
  const name = nameOf(file);
  if (metadata.name !== name) {
    findings.push({
      ...finding(
        file,
        'config/name',
        `claims tenant '${metadata.name}' in a file named '${name}'`,
        `rename the file to ${metadata.name}.yaml, or the tenant to '${name}'`,
      ),
      field: 'metadata.name',
    });
    return;
  }
  run(file, findings, () => {
    const [tenant] = stage(file, () => void new Tenant(platform, name, spec));
    if (tenant)
      tenants.push({ name, props: tenant.props, file, prefix: 'spec', lineOf: (path) => lineOf(['spec', ...path]) });
  });
}

/** Lines of fields, parsed again only when a finding asks. */
function positions(text: string): (path: readonly (string | number)[]) => number | undefined {
  let parsed: { document: ReturnType<typeof parseDocument>; lines: LineCounter } | undefined;
  return (path) => {
    if (!parsed) {
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

function productComponents(): readonly ComponentFile[] {
  return [...baseline()].map(([name, component]) => ({ file: `charts/baseline/${name}.ts`, component, own: false }));
}

function ownComponents(files: readonly string[], code: UserCode, findings: Finding[]): readonly ComponentFile[] {
  return files.flatMap((file) => {
    let found: ComponentFile[] = [];
    run(file, findings, () => {
      const { component } = code.require(file) as { component?: Component };
      if (typeof component?.declare === 'function' && typeof component.name === 'string')
        found = [{ file, component, own: true }];
      else
        findings.push(
          finding(
            file,
            'config/no-add-on',
            `exports no 'component'`,
            'write: export const component = defineComponent({ … })',
          ),
        );
    });
    return found;
  });
}

/** Turns what a file throws into one finding with its line. */
function run(file: string, findings: Finding[], action: () => void): void {
  try {
    action();
  } catch (error) {
    if (error instanceof UserCodeError) {
      findings.push(...error.findings);
    } else {
      const message = types.isNativeError(error) ? error.message : String(error);
      findings.push(finding(file, 'config/throws', message));
    }
  }
}

function finding(file: string, rule: string, message: string, fix?: string): Finding {
  return { rule, severity: 'error', file, message, ...(fix ? { fix } : {}) };
}

function nameOf(file: string): string {
  return file.replace(/^.*\//, '').replace(/\.[a-z]+$/, '');
}
