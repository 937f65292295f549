import { spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BREAK_GLASS, LONGEST, SHORTEST } from '../model/break-glass';
import { BREAK_GLASS_NAMESPACE } from '../model/names';

/** Who looks into a tenant's production, why, and for how long. */
export interface LookIntoProduction {
  readonly tenant: string;
  readonly environment: string;
  readonly reason: string;
  /** Who will use it; stands in the audit log beside whoever asks. */
  readonly who: string;
  /** From 10 to 60. */
  readonly minutes: number;
  /** kubectl's context. @default - its current one */
  readonly context?: string;
  /** Where the kubeconfig is written. */
  readonly file: string;
}

/** What is wrong with a request, or what the cluster said to it. */
export class BreakGlassError extends Error {}

/**
 * Asks the cluster that kubectl is signed in to for a token that looks into one production environment, and writes a
 * kubeconfig with it. Gives when it stops working. Rejects with a `BreakGlassError` where the cluster refuses.
 */
export async function lookIntoProduction(wanted: LookIntoProduction): Promise<{ readonly until: string }> {
  const { tenant, environment, reason, who, minutes, file } = wanted;
  const faults = [
    ...(reason.trim() ? [] : ['`reason` is empty: write why no other way is left']),
    ...(who.trim() ? [] : ['`for` is empty: write who will use it']),
    ...(Number.isInteger(minutes) && minutes >= SHORTEST && minutes <= LONGEST
      ? []
      : [`\`minutes\` is ${minutes}: write a whole number from ${SHORTEST} to ${LONGEST}`]),
  ];
  if (faults.length > 0) throw new BreakGlassError(faults.join('; '));
  const namespace = `${tenant}-${environment}`;
  const context = wanted.context === undefined ? [] : ['--context', wanted.context];
  const { clusters } = JSON.parse(
    await kubectl([...context, 'config', 'view', '--minify', '--flatten', '--raw', '-o', 'json']),
  ) as { clusters: readonly { readonly name: string; readonly cluster: object }[] };
  const [cluster] = clusters;
  if (!cluster) throw new BreakGlassError('kubectl knows no cluster: write --context');
  const target = `/api/v1/namespaces/${BREAK_GLASS_NAMESPACE}/serviceaccounts/${namespace}/token`;
  const answer = await kubectl(
    [...context, 'create', '--raw', target, '-f', '-'],
    JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { annotations: { [BREAK_GLASS.reason]: reason, [BREAK_GLASS.for]: who } },
      spec: { expirationSeconds: minutes * 60 },
    }),
  );
  const { token, expirationTimestamp } = (JSON.parse(answer) as TokenRequest).status;
  const name = `break-glass-${namespace}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [cluster],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: cluster.name, user: name, namespace } }],
    'current-context': name,
  };
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  // Where the file was there already, its mode stayed as it was.
  await chmod(file, 0o600);
  return { until: expirationTimestamp };
}

interface TokenRequest {
  readonly status: { readonly token: string; readonly expirationTimestamp: string };
}

/** What kubectl prints. It signs in as its user does everywhere. */
function kubectl(args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('kubectl', args, { stdio: 'pipe' });
    let [out, err] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (out += text.toString('utf8')));
    child.stderr.on('data', (text: Buffer) => (err += text.toString('utf8')));
    // A program that ends early does not read; its word is on its other streams.
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => reject(new BreakGlassError(`kubectl cannot be run: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new BreakGlassError(`kubectl: ${err.trim() || `ended with ${code}`}`));
    });
    child.stdin.end(input);
  });
}
