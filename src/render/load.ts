import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { types } from 'node:util';
import type { Component } from '../model/component';
import {
  type ComponentFile,
  type Declarations,
  Platform,
  stage,
  type Tenant,
  type TenantDeclaration,
} from '../model/declare';
import { compareText, type Finding } from '../model/finding';
import { readOutputs } from '../model/outputs-files';
import { type LoadCache, loadClaims } from './claims';
import { Compiler } from './compiler';
import { fileFinding as finding, nameOf } from './file-finding';
import { baseline, namesIn } from './product';
import { UserCode, UserCodeError } from './user-code';

/** What stands in a platform's repository, as data. `declarations` is missing where platform.ts itself is broken. */
export interface Loaded {
  readonly declarations?: Declarations;
  /** All of them, each once. */
  readonly findings: readonly Finding[];
  /** Those about platform.ts, add-ons and outputs. */
  readonly ofPlatform: readonly Finding[];
  /** Those about files below tenants/, whichever file they lie in. */
  readonly ofTenants: readonly Finding[];
  /** Files below tenants/ that declared no tenant. */
  readonly unread: readonly string[];
}

/** The team's TypeScript files that every run loads, as absolute paths. */
export function userFiles(root: string): readonly string[] {
  const real = existsSync(root) ? realpathSync(root) : root;
  return [
    join(real, 'platform.ts'),
    ...['tenants', 'addons'].flatMap((folder) =>
      namesIn(join(real, folder)).map((name) => join(real, folder, `${name}.ts`)),
    ),
  ];
}

/**
 * Runs the team's files: `platform.ts`, `tenants/*.ts`, `tenants/claims/*.yaml` and `addons/*.ts` below `root`, and
 * reads `clusters/*.outputs.json`.
 * One file that is broken is one finding; the others are there all the same.
 *
 * @param only the one tenant's file that may be run; claims are read all the same @default - every one
 */
export function load(
  root: string,
  cache?: LoadCache,
  compiler = new Compiler(cache?.directory),
  only?: string,
): Loaded {
  const findings: Finding[] = [];
  const ofTenants: Finding[] = [];
  // Whichever file runs first, each one's tenants are its own: a tenant may import another.
  const declared = new Map<string, readonly Tenant[]>();
  const code = new UserCode(
    root,
    (file, run) => {
      declared.set(file, stage(file, run));
    },
    compiler,
  );

  const platform = loadPlatform(root, code, findings);
  if (!platform) return { findings, ofPlatform: findings, ofTenants, unread: [] };

  for (const file of filesIn(root, 'tenants', ofTenants)) {
    if (only !== undefined && file !== only) continue;
    run(file, ofTenants, () => {
      code.require(file);
      if (declared.get(file)?.length) return;
      ofTenants.push(
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
  // Whoever looks at one file only must not make the others' be compiled anew.
  if (only === undefined) compiler.save();
  const tenants: TenantDeclaration[] = [...declared]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([file, some]) => some.map(({ name, props }) => ({ name, props, file })));
  tenants.push(...loadClaims(root, platform, ofTenants, cache));
  const outputs = readOutputs(root);
  findings.push(...outputs.findings);
  const read = new Set(tenants.map(({ file }) => file));
  const told = ofTenants.map(({ file }) => file).filter((file) => file.startsWith('tenants/') && !read.has(file));
  const unread = [...new Set([...unreadFiles(root, read), ...told])].sort(compareText);
  return {
    declarations: {
      platform: { file: 'platform.ts', props: platform.props },
      tenants,
      unread: unread.map(nameOf),
      components: [...productComponents(), ...own],
      outputs: outputs.outputs,
    },
    // A file that several import fails each of them for one reason, told once.
    findings: [...new Set([...findings, ...ofTenants])],
    ofPlatform: findings,
    ofTenants,
    unread,
  };
}

/** TypeScript files of one of the team's folders. One that is misplaced is a finding: nobody wrote it to be ignored. */
function filesIn(root: string, folder: 'tenants' | 'addons', findings: Finding[]): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  for (const file of yamlFiles(root, folder)) {
    const fix =
      folder === 'tenants' ? `move it to tenants/claims/${basename(file)}` : 'move it away: an add-on is a .ts file';
    findings.push(finding(file, 'config/misplaced', 'is a YAML file, which nothing reads here', fix));
  }
  return namesIn(join(root, folder)).map((name) => `${folder}/${name}.ts`);
}

/** YAML files of a folder; of that of tenants also what is further down, but for claims. What an add-on has there is its own. */
function yamlFiles(root: string, folder: string): readonly string[] {
  if (folder === 'tenants/claims') return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((one) => {
    const path = `${folder}/${one.name}`;
    if (one.isDirectory()) return folder === 'addons' ? [] : yamlFiles(root, path);
    return one.isFile() && /\.ya?ml$/.test(one.name) ? [path] : [];
  });
}

/** Files that should declare a tenant and did not. */
function unreadFiles(root: string, read: ReadonlySet<string>): readonly string[] {
  return [
    ...namesIn(join(root, 'tenants')).map((name) => `tenants/${name}.ts`),
    ...(existsSync(join(root, 'tenants', 'claims')) ? readdirSync(join(root, 'tenants', 'claims')) : []).map(
      (name) => `tenants/claims/${name}`,
    ),
  ].filter((file) => !read.has(file));
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
