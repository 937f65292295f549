import { main } from '@pulumi/pulumi/provider';
import { hostSecret } from '../aws/host-secret-kind';
import { awsSecrets } from '../aws/secrets-kind';
import { bootstrap } from '../local/bootstrap-kind';
import { host } from '../local/host-kind';
import { nodes } from '../local/nodes-kind';
import { secrets } from '../local/secrets-kind';
import { engineLog } from './engine-log';
import type { Kind } from './kind';
import { providerOf } from './provider';

const { version } = require('../../package.json') as { version: string };

/** The program `pulumi-resource-keelson`: Pulumi starts it and tells it what to make. */
void main(
  providerOf(
    {
      'keelson:aws:HostSecret': () => hostSecret as Kind<unknown>,
      'keelson:aws:Secrets': () => awsSecrets as Kind<unknown>,
      'keelson:local:Bootstrap': () => bootstrap as Kind<unknown>,
      'keelson:local:Host': () => host as Kind<unknown>,
      'keelson:local:Nodes': () => nodes as Kind<unknown>,
      'keelson:local:Secrets': () => secrets as Kind<unknown>,
    },
    version,
    engineLog(process.argv.slice(2).find((argument) => !argument.startsWith('-'))),
  ),
  process.argv.slice(2),
);
