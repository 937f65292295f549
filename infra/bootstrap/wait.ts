import { setTimeout as sleep } from 'node:timers/promises';
import type { Api, StoredObject } from './api';
import { type KubeObject, nameOf } from './object';

/** How long between two looks, in milliseconds. */
const PAUSE = 500;

/** Why an object is not yet as awaited, for people; undefined where it is. */
type Lack = (object: StoredObject) => string | undefined;

/** Waits for objects. Gives a sentence for each that is not there in time: never throws for one of them. */
export async function waitFor(
  api: Api,
  objects: readonly KubeObject[],
  lackOf: Lack,
  timeout: number,
): Promise<readonly { readonly object: string; readonly message: string }[]> {
  const deadline = Date.now() + timeout;
  let waiting = objects.map((object) => ({ object, lack: 'is not there' }));
  for (;;) {
    const looked = await Promise.all(
      waiting.map(async ({ object }) => {
        const stored = await api.get(object);
        return { object, lack: stored ? lackOf(stored) : 'is not there' };
      }),
    );
    waiting = looked.filter((one): one is { object: KubeObject; lack: string } => one.lack !== undefined);
    if (waiting.length === 0) return [];
    if (Date.now() >= deadline) {
      return waiting.map(({ object, lack }) => ({
        object: nameOf(object),
        message: `${lack} after ${Math.round(timeout / 1000)} s`,
      }));
    }
    await sleep(Math.min(PAUSE, Math.max(1, deadline - Date.now())));
  }
}

/** A definition whose kind the API server serves. */
export const notServed: Lack = ({ status = {} }) => {
  const conditions = (status.conditions ?? []) as readonly { type: string; status: string; message?: string }[];
  const refused = conditions.find((one) => one.type === 'NamesAccepted' && one.status === 'False');
  if (refused) return `its names are taken: ${refused.message ?? ''}`;
  return conditions.some((one) => one.type === 'Established' && one.status === 'True')
    ? undefined
    : 'is not established';
};

/** A Job that is done, a workload that is rolled out; anything else is as soon as it is stored. */
export const notRunning: Lack = ({ kind, metadata, spec, status = {} }) => {
  const number = (field: string) => Number(status[field] ?? 0);
  const wanted = Number((spec as { replicas?: number } | undefined)?.replicas ?? 1);
  const seen = number('observedGeneration') >= (metadata.generation ?? 0);
  switch (kind) {
    case 'Deployment':
      return seen && number('updatedReplicas') >= wanted && number('availableReplicas') >= wanted
        ? undefined
        : `has ${number('availableReplicas')} of ${wanted} Pods available`;
    case 'StatefulSet':
      return seen && number('updatedReplicas') >= wanted && number('readyReplicas') >= wanted
        ? undefined
        : `has ${number('readyReplicas')} of ${wanted} Pods ready`;
    case 'DaemonSet': {
      const machines = number('desiredNumberScheduled');
      return seen && number('updatedNumberScheduled') >= machines && number('numberAvailable') >= machines
        ? undefined
        : `runs on ${number('numberAvailable')} of ${machines} machines`;
    }
    case 'Job':
      return number('succeeded') > 0 ? undefined : `has not succeeded (${number('failed')} failed tries)`;
    default:
      return undefined;
  }
};
