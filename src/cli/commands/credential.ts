import { resolve } from 'node:path';
import type { Register } from '../main';
import { withExample } from '../options';
import { EXIT } from '../output';

/** `keelson credential <cluster>`: an administrator's certificate for kubectl and Pulumi, as client-go asks for one. */
export const register: Register = (program, run) => {
  const command = program
    .command('credential <cluster>')
    .description("Print an administrator's certificate and key as an ExecCredential: for kubeconfigs, not for people")
    .option('-C, --root <directory>', `folder of the platform's repository`, process.cwd())
    .option('--bootstrap', 'a certificate in system:masters for five minutes, which lets administrators in')
    .action(
      run(async (name: string, options: { root: string; bootstrap?: boolean }) => {
        const { execCredential } = require('../../../infra/credential') as typeof import('../../../infra/credential');
        const { load } = require('../../render/load') as typeof import('../../render/load');
        const { declarations } = load(resolve(options.root));
        const cluster = declarations?.platform.props.clusters[name];
        if (!cluster) throw new Error(`platform.ts has no cluster '${name}', or cannot be read: run keelson verify`);
        const credential = await execCredential(resolve(options.root), name, cluster, options.bootstrap ?? false);
        process.stdout.write(`${JSON.stringify(credential)}\n`);
        return EXIT.ok;
      }),
    );
  withExample(command, 'keelson credential production | jq .status.expirationTimestamp');
};
