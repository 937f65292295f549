import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** Bytes that a claim may have: many times what one with every field needs, and too few to exhaust a parser. */
const CLAIM_LIMIT = 256 * 1024;

/**
 * Runs the team's files: `platform.ts`, `tenants/*.ts`, `tenants/claims/*.yaml` and `addons/*.ts` below `root`.
 * One file that is broken is one finding; the others are there all the same.
 */
export function load(root: string, cacheDirectory?: string): Loaded {
  const findings: Finding[] = [];
  const tenantFiles = namesIn(join(root, 'tenants')).map((name) => `tenants/${name}.ts`);
  const addOnFiles = namesIn(join(root, 'addons')).map((name) => `addons/${name}.ts`);
  const code = new UserCode(root, cacheDirectory);

  const platform = loadPlatform(root, code, findings);
  if (!platform) return { findings };

  const tenants: TenantDeclaration[] = [];
  for (const file of tenantFiles) {
    run(file, findings, () => {
      const declared = stage(file, () => void code.require(file));
      if (declared.length === 0) {
        findings.push(
          finding(
            file,
            'config/no-tenant',
            'declares no tenant',
            `add: new Tenant(platform, '${nameOf(file)}', { owner: …, groups: … })`,
          ),
        );
      }
      tenants.push(...declared.map(({ name, props }) => ({ name, props, file })));
    });
  }
  for (const file of claimFiles(root)) loadClaim(root, file, platform, tenants, findings);
  code.save();
  return {
    declarations: {
      platform: { file: 'platform.ts', props: platform.props },
      tenants,
      components: [...productComponents(), ...ownComponents(addOnFiles, code, findings)],
    },
    findings,
  };
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

/** YAML files of the claims' folder; a wrong ending is no silent loss. */
function claimFiles(root: string): readonly string[] {
  const directory = join(root, 'tenants', 'claims');
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((file) => /\.ya?ml$/.test(file))
    .sort(compareText)
    .map((file) => `tenants/claims/${file}`);
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
      ...finding(file, 'config/yaml', `is not YAML: ${reason ?? String(error)}`),
      ...(mark ? { line: mark.line + 1 } : {}),
    });
    return;
  }
  // The tenant's own fields are checked where both forms of claim are: here only what a file has around them.
  const faults = validateShape(
    {
      ...claimSchema,
      $id: 'https://keelson.dev/schemas/claim-frame.json',
      properties: { ...claimSchema.properties, spec: {} },
    },
    claim,
    { file, lineOf },
  );
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
      const message = error instanceof Error ? error.message : String(error);
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
