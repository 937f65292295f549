import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { breakGlass, type BreakGlassRequest } from '../secrets/break-glass';
import { FolderStore } from '../secrets/folder-store';
import { materialise } from '../secrets/materialise';
import { toYaml } from '../control-plane/yaml';
import type { LocalCluster } from './index';
import { serverOf } from './operator';
import { placeAt } from './place';

/** An opened seal. */
export interface BrokenGlass {
  /** Holds the certificate and its key: readable by its owner alone. */
  readonly kubeconfig: string;
  /** When it stops working, in ISO 8601. */
  readonly until: string;
}

/**
 * Makes a kubeconfig in `system:masters` that works for minutes, after noting who wanted it and why. It is the only
 * one that there ever is: the next one replaces it, and `down` removes it.
 */
export async function openBreakGlass(local: LocalCluster, request: BreakGlassRequest): Promise<BrokenGlass> {
  const { operated } = local;
  const place = placeAt(operated.directory);
  const store = await FolderStore.open(place.secrets);
  const now = new Date();
  const { certificate, key } = await breakGlass(store, request, now);
  const ca = await materialise({ kind: 'trust', authorities: ['kubernetes'] }, store);
  const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');
  const { cluster } = operated;
  const config = toYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster, cluster: { server: serverOf(operated), 'certificate-authority-data': base64(ca) } }],
    users: [
      {
        name: 'break-glass',
        user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) },
      },
    ],
    contexts: [{ name: `break-glass@${cluster}`, context: { cluster, user: 'break-glass' } }],
    'current-context': `break-glass@${cluster}`,
  });
  const file = path.join(place.directory, 'operator', 'break-glass.kubeconfig');
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, config, { mode: 0o600 });
  await chmod(file, 0o600);
  return { kubeconfig: file, until: new Date(now.getTime() + request.minutes * 60_000).toISOString() };
}
