import { publish, type PublishOptions } from '../../../src/gitops/publish';
import { PublishError } from '../../../src/gitops/publish-error';
import type { Target } from '../../../src/gitops/target';
import { configMap, treeOf, type Bodies } from './trees';

/** What the process below is told to publish. */
export interface Order {
  readonly target: Target;
  /** Goes into every object, so that each version is another tree. */
  readonly version: string;
  /** Number of files. */
  readonly files: number;
  readonly options?: Partial<PublishOptions>;
}

/** The files of one version: every one of them differs from any other version's. */
export function versionBodies(version: string, files: number): Bodies {
  const path = (i: number): string => `clusters/prod/tenants/t${i % 10}/f${i}.yaml`;
  return Object.fromEntries(
    Array.from({ length: files }, (_, i) => [path(i), configMap(`t${i % 10}`, `f${i}`, version)]),
  );
}

// Run as a program: one publish, its result as JSON.
if (require.main === module) {
  const { target, version, files, options } = JSON.parse(process.argv[2] ?? '') as Order;
  publish(treeOf(versionBodies(version, files)), target, { version, ...options }).then(
    ({ outcome, commit, findings }) => console.log(JSON.stringify({ outcome, commit, findings })),
    (error: unknown) => {
      console.log(
        JSON.stringify({ outcome: 'failed', message: error instanceof PublishError ? error.message : String(error) }),
      );
      process.exitCode = 2;
    },
  );
}
