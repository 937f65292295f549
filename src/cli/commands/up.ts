import { resolve } from 'node:path';
import type { Register } from '../main';
import { withExample, withRoot } from '../options';
import { type CommonOptions, EXIT, say, sayJson, withProgress } from '../output';
import { localCluster } from '../local-cluster';

interface Options extends CommonOptions {
  readonly hosts?: string;
}

/** `keelson up [cluster]`: gets the engines, runs `pulumi up`, and says what to try. */
export const register: Register = (program, run) => {
  const command = program
    .command('up [cluster]')
    .description('Bring up a local cluster: get the engines, then `pulumi up` on its stack; again at any time')
    .option('--hosts <number>', 'control-plane hosts, 1, 3 or 5; as platform.ts says if not given')
    .action(
      run(async (name: string | undefined, options: Options) => {
        const { bringUp } = require('../../../infra/local/bring-up') as typeof import('../../../infra/local/bring-up');
        const { refuseHosts } = require('../../../infra/local/scale') as typeof import('../../../infra/local/scale');
        const { upText } = require('../../report/cluster') as typeof import('../../report/cluster');
        const { hosts } = options;
        if (hosts !== undefined) refuseHosts(hosts);
        const before = localCluster(options, name, (stored) => ({
          ...stored(),
          ...(hosts === undefined ? {} : { hosts }),
        }));
        if (!before) return EXIT.broken;
        const root = resolve(options.root);
        const result = await withProgress(options, `Up ${before.cluster.name}`, (tell) =>
          bringUp(root, before, {
            describe: () => localCluster(options, before.cluster.name)!,
            onProgress: tell,
            ...(hosts === undefined ? {} : { hosts }),
          }),
        );
        sayJson(options, result);
        say(options, upText(result));
        return EXIT.ok;
      }),
    );
  withExample(withRoot(command), 'keelson up', 'keelson up local --hosts 3');
};
