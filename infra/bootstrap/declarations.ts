import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Component } from '../../src/model/component';
import type { ComponentFile, Declarations, Platform } from '../../src/model/declare';
import { compareText } from '../../src/model/finding';
import { readOutputs } from '../../src/model/outputs-files';

const PRODUCT_ROOT = resolve(__dirname, '..', '..');

/**
 * The platform with its add-ons, as the bootstrap needs it: no tenant changes what a cluster starts with. For whoever
 * runs where TypeScript is loaded already, such as the Pulumi program.
 *
 * @param root folder of `addons/` and of `clusters/`, the team's own
 */
export function bootstrapDeclarations(platform: Platform, root = PRODUCT_ROOT): Declarations {
  return {
    platform: { file: 'platform.ts', props: platform.props },
    tenants: [],
    outputs: readOutputs(root).outputs,
    components: [
      ...componentsIn(join(PRODUCT_ROOT, 'charts', 'baseline'), false),
      ...componentsIn(join(root, 'addons'), true),
    ],
  };
}

function componentsIn(folder: string, own: boolean): readonly ComponentFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .sort(compareText)
    .map((file) => {
      const { component } = require(join(folder, file)) as { component?: Component };
      const name = own ? `addons/${file}` : `charts/baseline/${file}`;
      if (!component)
        throw new Error(`${name}: exports no 'component': write export const component = defineComponent({ … })`);
      return { file: name, component, own };
    });
}
