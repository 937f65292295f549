import type { Cluster } from '../src/model/cluster';
import type { Declarations } from '../src/model/declare';
import { type ActiveComponent, activate, indexComponents } from '../src/model/resolve/components';
import { Findings } from '../src/model/resolve/findings';

/** The add-ons that are on for a cluster. Throws where one of them is broken: `keelson verify` tells how. */
export function activeComponents(declarations: Declarations, cluster: Cluster): readonly ActiveComponent[] {
  const findings = new Findings();
  const index = indexComponents(declarations.components, findings);
  const active = activate(index, cluster, declarations.platform.props, findings);
  const [first] = findings.all;
  if (first) throw new Error(`${first.file}: ${first.field ?? ''}: ${first.message}: run 'keelson verify' to see all`);
  return [...active.values()];
}
