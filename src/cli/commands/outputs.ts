import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import chalk from 'chalk';
import type { ClusterOutputs } from '../../model/outputs';
import type { Register } from '../main';
import { withCommonOptions, withExample } from '../options';
import { type CommonOptions, EXIT, say, sayFindings, sayJson } from '../output';

interface Options extends CommonOptions {
  readonly from?: string;
}

/** `keelson outputs <cluster>`: what provisioning gave, as a file that rendering reads. */
export const register: Register = (program, run) => {
  const command = program
    .command('outputs <cluster>')
    .description("Write what the cluster's stack gave to clusters/<cluster>.outputs.json, for rendering to read")
    .option('--from <file>', "file that holds what 'pulumi stack output --json' printed; - for standard input")
    .action(
      run(async (name: string, options: Options) => {
        const { load } = require('../../render/load') as typeof import('../../render/load');
        const { describeClusters } =
          require('../../model/resolve/clusters') as typeof import('../../model/resolve/clusters');
        const { writeOutputs } = require('../../model/outputs-files') as typeof import('../../model/outputs-files');
        const root = resolve(options.root);
        const { declarations, findings } = load(root);
        if (!declarations) {
          sayFindings(options, findings);
          return EXIT.broken;
        }
        const clusters = describeClusters(declarations.platform.props);
        const cluster = clusters.get(name);
        if (!cluster) {
          process.stderr.write(
            `keelson: platform.ts has no cluster '${name}': name one of ${[...clusters.keys()].join(', ')}\n`,
          );
          return EXIT.unable;
        }
        const outputs = outputsIn(await stackOutput(root, name, options.from), name);
        const written = writeOutputs(root, cluster, outputs);
        sayFindings(options, written.findings);
        sayJson(options, { ...written });
        if (written.findings.length > 0) return EXIT.broken;
        say(
          options,
          written.changed
            ? `${chalk.green('✔')} ${written.file} written: commit it, then run keelson publish`
            : `${written.file} says so already`,
        );
        return EXIT.ok;
      }),
    );
  withExample(
    withCommonOptions(command),
    'keelson outputs production',
    'pulumi stack output --json --stack production | keelson outputs production --from -',
  );
};

async function stackOutput(root: string, stack: string, from: string | undefined): Promise<string> {
  if (from !== undefined) return readFileSync(from === '-' ? 0 : from, 'utf8');
  const { pulumi } = require('../../../infra/pulumi') as typeof import('../../../infra/pulumi');
  const said = await pulumi(root, ['stack', 'output', '--json', '--stack', stack]).catch((error: Error) => {
    throw new Error(`${error.message}: run pulumi up --stack ${stack}`, { cause: error });
  });
  // Pulumi may warn before or after what it was asked for.
  return said.slice(said.indexOf('{'), said.lastIndexOf('}') + 1);
}

function outputsIn(text: string, stack: string): ClusterOutputs {
  let all: { readonly outputs?: ClusterOutputs };
  try {
    all = JSON.parse(text) as typeof all;
  } catch (error) {
    throw new Error(`what stack '${stack}' gave is no JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof all !== 'object' || all === null || all.outputs === undefined) {
    throw new Error(`stack '${stack}' has no output 'outputs': run pulumi up --stack ${stack}`);
  }
  return all.outputs;
}
