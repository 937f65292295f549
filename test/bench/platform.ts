import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { dump } from 'js-yaml';
import type { TenantProps } from '../../src/model/claim.generated';

/** Folder that the product stands in. */
export const product = resolve(__dirname, '..', '..');

export type Form = 'yaml' | 'typescript';

/** A platform's repository in a folder of its own: the example's clusters and add-ons, and tenants made up. */
export class BenchPlatform {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'keelson-bench-')));
  private count = 0;

  constructor(tenants: number, form: Form) {
    const text = readFileSync(join(product, 'platform.ts'), 'utf8');
    this.write('platform.ts', text.replace(`'./src/model'`, JSON.stringify(join(product, 'src', 'model'))));
    this.write('.gitignore', '.keelson/\nusage.json\ntree/\n');
    for (const own of ['addons', 'guardrails']) {
      if (readdirSync(product).includes(own)) cpSync(join(product, own), join(this.root, own), { recursive: true });
    }
    for (let i = 0; i < tenants; i++) this.addTenant(form);
    // As teams keep it: publishing asks git which revision was rendered.
    const identity = ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.com', '-c', 'commit.gpgsign=false'];
    for (const args of [
      ['init', '-q'],
      ['add', '-A'],
      [...identity, 'commit', '-q', '-m', 'Tenants'],
    ]) {
      execFileSync('git', args, { cwd: this.root });
    }
  }

  /** Adds the file of one more tenant. */
  addTenant(form: Form): void {
    const name = `team-${String(this.count).padStart(5, '0')}`;
    const props = propsOf(name, this.count++);
    if (form === 'yaml') {
      const claim = { apiVersion: 'platform.keelson.dev/v2', kind: 'Tenant', metadata: { name }, spec: props };
      this.write(`tenants/claims/${name}.yaml`, dump(claim));
    } else {
      this.write(
        `tenants/${name}.ts`,
        `import { Tenant } from ${JSON.stringify(join(product, 'src', 'model'))};
import { platform } from '../platform';

export const tenant = new Tenant(platform, '${name}', ${JSON.stringify(props, null, 2)});
`,
      );
    }
  }

  private write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }
}

/** Tenants on two clusters that differ a little, as those of one company do. */
function propsOf(name: string, index: number): TenantProps {
  return {
    owner: { email: `${name}@example.com`, ...(index % 4 === 0 ? { team: `Team ${index}` } : {}) },
    groups: { developers: `${name}-developers`, ...(index % 2 === 0 ? { admins: `${name}-leads` } : {}) },
    environments: {
      dev: index % 3 === 0 ? { quota: { cpu: String(4 + (index % 8)), memory: '16Gi' } } : {},
      prod: index % 5 === 0 ? { quota: { cpu: '24', memory: '48Gi', storage: '500Gi', pods: 150 } } : {},
    },
    repositories: [{ url: `https://git.example.com/${name}/deploy.git` }],
  };
}
