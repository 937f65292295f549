import { applyBootstrap, bootstrapDrift, canReach, type BootstrapPlan, type BootstrapResult } from '../bootstrap';
import type { Kind } from '../provider/kind';
import { grantAdministrators } from './grant-administrators';
import { adminClient, type Operated } from './operator';
import { placeAt } from './place';

/** What a local cluster's fresh API server gets. */
export interface BootstrapInputs {
  readonly operated: Operated;
  readonly plan: BootstrapPlan;
}

/** The bootstrap of a local cluster. Its nodes are simulated: what only containers could do is told, not done. */
export const bootstrap: Kind<BootstrapInputs> = {
  async drift({ operated, plan }, facts) {
    const client = await adminClient(operated, placeAt(operated.directory));
    try {
      return [...(await bootstrapDrift(plan, client)), ...(await nowInReach(plan, facts))];
    } catch (error) {
      return [`the API server of ${operated.cluster}: ${(error as Error).message}`];
    } finally {
      client.close();
    }
  },

  async make({ operated, plan }) {
    const place = placeAt(operated.directory);
    await grantAdministrators(operated, place, plan);
    const client = await adminClient(operated, place);
    try {
      const { steps, skipped, notRunning } = await applyBootstrap(plan, client, { simulatedNodes: true });
      return { steps: steps.map(({ name }) => name), skipped, notRunning };
    } finally {
      client.close();
    }
  },

  // What it made goes with the cluster; on one that stays, Argo CD owns most of it.
  remove: () => Promise.resolve(),
};

/** Charts that were left out, since their repository could not be reached, and can be had now. */
async function nowInReach(plan: BootstrapPlan, facts: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const { skipped = [] } = facts as Partial<Pick<BootstrapResult, 'skipped'>>;
  const left = skipped.map(({ step }) => plan.steps.find(({ name }) => name === step));
  const found = await Promise.all(
    left.map(async (step) =>
      step?.content.kind === 'chart' && (await canReach(step.content))
        ? [`${step.name} was left out, and its repository can be reached now`]
        : [],
    ),
  );
  return found.flat();
}
