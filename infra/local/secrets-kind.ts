import { rm } from 'node:fs/promises';
import type { PkiPlan } from '../control-plane/pki';
import type { Kind } from '../provider/kind';
import { FolderStore } from '../secrets/folder-store';
import { pkiDrift } from '../secrets/inspect';
import { ensurePki } from '../secrets/issue';
import { lostStore } from './lost-store';
import { placeAt } from './place';
import { releaseMachine } from './supervision';

/** Which certificates and keys a local cluster's store shall hold: their names and purposes, never themselves. */
export interface SecretsInputs {
  readonly directory: string;
  readonly plan: PkiPlan;
}

/** The secret store of a local cluster. */
export const secrets: Kind<SecretsInputs> = {
  async drift({ directory, plan }) {
    const place = placeAt(directory);
    const lost = await lostStore(place);
    return lost === undefined ? pkiDrift(plan, await FolderStore.open(place.secrets), new Date()) : [lost];
  },

  async make({ directory, plan }) {
    const place = placeAt(directory);
    const lost = await lostStore(place);
    if (lost !== undefined) throw new Error(lost);
    const report = await ensurePki(plan, await FolderStore.open(place.secrets), new Date());
    return { authorities: report.authorities.length, certificates: report.certificates.length };
  },

  // All hosts went before: what is left is the machine's supervisor, snapshots that only these keys open, and logs.
  async remove({ directory }) {
    await releaseMachine(placeAt(directory));
    await rm(directory, { recursive: true, force: true });
  },
};
