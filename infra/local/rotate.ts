import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../src/engines';
import { pkiPlan } from '../control-plane/pki';
import { FolderStore } from '../secrets/folder-store';
import { rotate, type RotationProgress } from '../secrets/rotation';
import { rollOutOf, type Need } from '../secrets/rotation-steps';
import type { RotationKind } from '../secrets/state';
import { exclusively } from './exclusively';
import { makeHost } from './host-kind';
import type { LocalCluster } from './index';
import { adminClient, layOutOperator } from './operator';
import { placeAt } from './place';
import { rewriteEncrypted } from './rewrite-encrypted';

/** How long the balancer may take to pass on to a server that has just started anew, in milliseconds. */
const BALANCED_WITHIN = 60_000;

/** How a rotation is done. */
export interface RotateOptions {
  /** Needs that a person vouches for, by name. @default - none */
  readonly confirmed?: readonly Need['name'][];
  readonly onProgress?: (message: string) => void;
}

/**
 * Replaces keys or certificates of a local cluster by new ones, step by step, each brought to one host after the
 * other. Killed at any point, it goes on where it was when it is called again. Rejects with `RotationBlockedError`
 * where the next step has to wait for something.
 */
export async function rotateLocal(local: LocalCluster, kind: RotationKind, options: RotateOptions = {}): Promise<void> {
  const { confirmed = [], onProgress = () => {} } = options;
  const place = placeAt(local.operated.directory);
  const store = await FolderStore.open(place.secrets);
  const plan = pkiPlan(local.cluster, local.site);
  await rotate(kind, plan, store, {
    now: () => new Date(),
    rollOut: async ({ step, number, of }: RotationProgress) => {
      onProgress(`step ${number} of ${of}: ${step.text}`);
      const touched = rollOutOf(step, plan, local.hosts).map(({ host }) => host);
      await exclusively(place, async () => {
        await layOutOperator(local.operated, place);
        for (const host of local.hosts.filter(({ name }) => touched.includes(name))) {
          onProgress(`step ${number} of ${of}: ${host.name}`);
          await makeHost(place, {
            operated: local.operated,
            kubernetesVersion: local.cluster.kubernetesVersion,
            host,
          });
        }
      });
    },
    satisfy: async ({ name }) => {
      switch (name) {
        case 'secrets-rewritten': {
          const client = await adminClient(local.operated, place);
          try {
            await answers(client);
            const written = await rewriteEncrypted(client);
            onProgress(`${written} objects written anew with the new key`);
          } finally {
            client.close();
          }
          return true;
        }
        // Each roll-out writes the administrator's kubeconfig and the simulated nodes' anew, and nobody else has one;
        // no cloud trusts a local cluster's tokens, and no kubelet runs on it.
        case 'clients-updated':
        case 'issuer-published':
        case 'kubelets-renewed':
          return true;
        case 'tokens-expired':
          return confirmed.includes(name);
      }
    },
  });
}

/** Waits until the API answers through the balancer, which sees a lone server's restart some seconds later. */
async function answers(client: ApiClient): Promise<void> {
  const deadline = Date.now() + BALANCED_WITHIN;
  for (;;) {
    try {
      if ((await client.request('GET', '/readyz')).status === 200) return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline) throw new Error('the API is not ready: run the same again when it is');
    await sleep(500);
  }
}
