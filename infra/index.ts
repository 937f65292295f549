import path from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { platform } from '../platform';
import { bootstrapDeclarations, planBootstrap } from './bootstrap';
import { describeLocal, declareLocal } from './local';
import { stackCluster } from './stack';

const ROOT = path.resolve(__dirname, '..');

/** The Pulumi program: a stack is a cluster of `platform.ts`, by its name. Its outputs are what the tree needs of it. */
function program(): Readonly<Record<string, unknown>> {
  const config = new pulumi.Config('keelson');
  const [hosts, kubernetesVersion] = [config.get('hosts'), config.get('kubernetesVersion')];
  const { cluster, controlPlane } = stackCluster(platform.props, pulumi.getStack(), {
    ...(hosts === undefined ? {} : { hosts }),
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
  });
  switch (cluster.provider) {
    case 'local': {
      const plan = planBootstrap(bootstrapDeclarations(platform, ROOT), cluster.name);
      return declareLocal(describeLocal(ROOT, cluster, controlPlane), plan);
    }
    default:
      throw new Error(`${cluster.provider}: not declared yet`);
  }
}

export = program();
