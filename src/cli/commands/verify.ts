import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import chalk from 'chalk';
import type { Finding } from '../../model/finding';
import { count } from '../../report/findings';
import type { Register } from '../main';
import { withCommonOptions, withExample } from '../options';
import { type CommonOptions, EXIT, hasErrors, say, sayFindings, sayJson, withProgress } from '../output';
import { renderWithProgress } from '../render';

/** What rendering found already it told with the construct that is to blame. */
function isNewIn(before: readonly Finding[]): (finding: Finding) => boolean {
  const key = ({ rule, file, object, field }: Finding) => JSON.stringify([rule, file, object, field]);
  const told = new Set(before.map(key));
  return (finding) => !told.has(key(finding));
}

/** `keelson verify [directory]`: is every object valid, whoever wrote it? */
export const register: Register = (program, run) => {
  const command = program
    .command('verify [directory]')
    .description('Check every object of a folder of YAML or JSON, or of this platform where none is named')
    .action(
      run(async (directory: string | undefined, options: CommonOptions) => {
        const { verifyTree } = require('../../verify') as typeof import('../../verify');
        const { treeFromDirectory } = require('../../gitops/tree') as typeof import('../../gitops/tree');
        if (directory !== undefined && !statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
          process.stderr.write(`keelson: ${directory} is no folder: name one that holds YAML or JSON files\n`);
          return EXIT.unable;
        }
        const rendering = directory === undefined ? await renderWithProgress(options) : undefined;
        const tree = rendering?.tree ?? treeFromDirectory(resolve(directory ?? '.'));
        const checked = await withProgress(options, 'Verify', async () => verifyTree(tree));
        const findings = [
          ...(rendering?.findings ?? []),
          ...checked.findings.filter(isNewIn(rendering?.findings ?? [])),
        ];
        const broken = hasErrors(findings);
        sayFindings(options, findings);
        sayJson(options, { ...checked, findings });
        if (broken) return EXIT.broken;
        if (checked.objects === 0) {
          process.stderr.write(`keelson: nothing to check: no Kubernetes object in ${count(checked.files, 'file')}\n`);
          return EXIT.unable;
        }
        say(
          options,
          `${chalk.green('✔')} ${count(checked.objects, 'object')} in ${count(checked.files, 'file')}: every one is valid`,
        );
        return EXIT.ok;
      }),
    );
  withExample(withCommonOptions(command), 'keelson verify', 'keelson verify ../payments/deploy');
};
