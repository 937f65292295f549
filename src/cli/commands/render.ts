import { resolve } from 'node:path';
import chalk from 'chalk';
import { count } from '../../report/findings';
import type { Register } from '../main';
import { withCommonOptions, withExample } from '../options';
import { type CommonOptions, EXIT, hasErrors, say, sayFindings, sayJson } from '../output';
import { renderingJson, renderWithProgress } from '../render';

interface Options extends CommonOptions {
  readonly out: string;
  readonly cache?: boolean;
}

/** `keelson render`: the tree as files in a folder, to look at or to hand to other tools. */
export const register: Register = (program, run) => {
  const command = program
    .command('render')
    .description('Render the platform into a folder, checking every object')
    .option('-o, --out <directory>', 'folder to write; files in it that are not of the tree stay', '.keelson/tree')
    .action(
      run(async (options: Options) => {
        const rendering = await renderWithProgress(options);
        sayFindings(options, rendering.findings);
        if (!rendering.faults.platform) {
          const { writeTree } = require('../../render/write-tree') as typeof import('../../render/write-tree');
          const out = resolve(options.root, options.out);
          const written = writeTree(rendering.tree, out, new Set(rendering.faults.tenants.keys()));
          say(
            options,
            `${chalk.green('✔')} ${count(rendering.objects, 'object')} in ${count(rendering.tree.files.size, 'file')}, ${written} written, in ${out}`,
          );
        }
        sayJson(options, renderingJson(rendering));
        return hasErrors(rendering.findings) ? EXIT.broken : EXIT.ok;
      }),
    );
  withExample(withCommonOptions(command), 'keelson render --out /tmp/tree');
};
