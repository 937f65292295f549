import { apiClient } from '../../src/engines';
import { applyBootstrap, type BootstrapPlan } from '../bootstrap';
import { breakGlass } from '../secrets/break-glass';
import { FolderStore } from '../secrets/folder-store';
import { materialise } from '../secrets/materialise';
import { adminClient, serverOf, type Operated } from './operator';
import type { Place } from './place';

/** Any question that only an administrator gets an answer to. */
const PROBE = '/api/v1/namespaces/kube-system/secrets?limit=1';
/** How long the certificate that lets administrators in is good for, in minutes; it is written nowhere. */
const MINUTES = 5;

/**
 * Lets the administrators' certificate in. A fresh API server knows `system:masters` alone, so one of those is made
 * for this one step, in memory. Where administrators are in already nothing is made.
 */
export async function grantAdministrators(operated: Operated, place: Place, plan: BootstrapPlan): Promise<void> {
  const admin = await adminClient(operated, place);
  const { status } = await admin.request('GET', PROBE).finally(() => admin.close());
  if (status === 200) return;
  const store = await FolderStore.open(place.secrets);
  const request = { who: 'bootstrap', reason: 'binds the group of administrators', minutes: MINUTES };
  const { certificate, key } = await breakGlass(store, request, new Date());
  const ca = (await materialise({ kind: 'trust', authorities: ['kubernetes'] }, store)).toString('utf8');
  const client = apiClient({ url: serverOf(operated), ca, certificate, key });
  try {
    const access = plan.steps.filter(({ name }) => name === 'access');
    await applyBootstrap({ ...plan, steps: access }, client, { simulatedNodes: true });
  } finally {
    client.close();
  }
}
