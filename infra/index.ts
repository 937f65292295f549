import path from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { platform } from '../platform';
import type { Finding } from '../src/model/finding';
import { checkPlatform } from '../src/model/resolve';
import { bootstrapDeclarations, planBootstrap } from './bootstrap';
import { describeLocal, declareLocal } from './local';
import { clusterOutputs } from './outputs';
import { stackCluster, StackError } from './stack';

const ROOT = path.resolve(__dirname, '..');

/** The Pulumi program: a stack is a cluster of `platform.ts`, by its name. Its outputs are what the tree needs of it. */
function program(): Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>> {
  const faults = checkPlatform({ file: 'platform.ts', props: platform.props });
  if (faults.length > 0) throw new StackError(faults.map(lineOf).join('\n'));
  const config = new pulumi.Config('keelson');
  const [hosts, kubernetesVersion] = [config.get('hosts'), config.get('kubernetesVersion')];
  const { cluster, controlPlane } = stackCluster(platform.props, pulumi.getStack(), {
    ...(hosts === undefined ? {} : { hosts }),
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
  });
  const declarations = bootstrapDeclarations(platform, ROOT);
  const roles = () => (require('./tenant-roles') as typeof import('./tenant-roles')).tenantRoles(ROOT, cluster);
  switch (cluster.provider) {
    case 'local': {
      const local = describeLocal(ROOT, cluster, controlPlane);
      const { endpoint, serviceAccountIssuer } = local.site;
      return {
        ...declareLocal(local, planBootstrap(declarations, cluster.name)),
        outputs: clusterOutputs(cluster, { api: endpoint, issuer: serviceAccountIssuer }),
      };
    }
    case 'eks': {
      // The cloud's SDK is large: a local stack does without it.
      const { eksProgram } = require('./eks/program') as typeof import('./eks/program');
      return eksProgram(declarations, cluster, controlPlane, roles());
    }
    case 'aws': {
      const { awsProgram } = require('./aws/program') as typeof import('./aws/program');
      return awsProgram(declarations, cluster, controlPlane, roles());
    }
  }
}

function lineOf({ file, field, message, fix }: Finding): string {
  return `${[file, field, message].filter(Boolean).join(': ')}${fix ? `; ${fix}` : ''}`;
}

export = program();
