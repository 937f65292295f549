import { rm } from 'node:fs/promises';
import type { PkiPlan } from '../control-plane/pki';
import type { Kind } from '../provider/kind';
import { FolderStore } from '../secrets/folder-store';
import { pkiDrift } from '../secrets/inspect';
import { ensurePki } from '../secrets/issue';
import { placeAt } from './place';
import { releaseMachine } from './supervision';

/** Which certificates and keys a local cluster's store shall hold: their names and purposes, never themselves. */
export interface SecretsInputs {
  readonly directory: string;
  readonly plan: PkiPlan;
}

/** The secret store of a local cluster. */
export const secrets: Kind<SecretsInputs> = {
  drift: async ({ directory, plan }) => pkiDrift(plan, await FolderStore.open(placeAt(directory).secrets), new Date()),

  async make({ directory, plan }) {
    const report = await ensurePki(plan, await FolderStore.open(placeAt(directory).secrets), new Date());
    return { authorities: report.authorities.length, certificates: report.certificates.length };
  },

  // All hosts went before: what is left is the machine's supervisor, snapshots that only these keys open, and logs.
  async remove({ directory }) {
    await releaseMachine(placeAt(directory));
    await rm(directory, { recursive: true, force: true });
  },
};
