import { resolve } from 'node:path';
import type { LocalCluster } from '../../infra/local';
import type { StackConfig } from '../../infra/stack';
import type { Finding } from '../model/finding';
import { type CommonOptions, hasErrors, sayFindings } from './output';

/** A message for whoever asked for a cluster that is not there, or cannot be one. */
export class NoClusterError extends Error {}

/**
 * The local cluster of a platform that a command is for: the one that is named, or the only one. Gives nothing where
 * the platform's description is broken, and tells why. `configured` may overrule the stack's configuration. Rejects
 * where there is no such cluster.
 */
export function localCluster(
  options: CommonOptions,
  name: string | undefined,
  configured: (stored: () => StackConfig) => StackConfig = (stored) => stored(),
): LocalCluster | undefined {
  const { load } = require('../render/load') as typeof import('../render/load');
  const { checkPlatform } = require('../model/resolve') as typeof import('../model/resolve');
  const { describeLocal } = require('../../infra/local') as typeof import('../../infra/local');
  const { readStackConfig, stackCluster } = require('../../infra/stack') as typeof import('../../infra/stack');
  const root = resolve(options.root);
  const { declarations, findings } = load(root);
  if (!declarations) {
    sayFindings(options, findings as Finding[]);
    return undefined;
  }
  const faults = checkPlatform(declarations.platform);
  if (hasErrors(faults)) {
    sayFindings(options, faults);
    return undefined;
  }
  const { props } = declarations.platform;
  const local = Object.keys(props.clusters).filter((one) => props.clusters[one]!.provider === 'local');
  const chosen = name ?? (local.length === 1 ? local[0] : undefined);
  if (chosen === undefined || !local.includes(chosen)) {
    const known = local.length > 0 ? `write one of ${local.sort().join(', ')}` : `give one of them provider 'local'`;
    const fault =
      chosen === undefined ? `platform.ts has ${local.length} local clusters` : `'${chosen}' is no local cluster`;
    throw new NoClusterError(`${fault}: ${known}`);
  }
  const { cluster, controlPlane } = stackCluster(
    props,
    chosen,
    configured(() => readStackConfig(root, chosen)),
  );
  return describeLocal(root, cluster, controlPlane);
}
