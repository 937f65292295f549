import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { checkServerIdentity, connect, createSecureContext, createServer, type SecureContextOptions } from 'node:tls';
import type { Material } from '../../infra/control-plane/host';
import { pkiPlan, type PkiPlan } from '../../infra/control-plane/pki';
import type { Site } from '../../infra/control-plane/site';
import { FolderStore } from '../../infra/secrets/folder-store';
import { ensurePki } from '../../infra/secrets/issue';
import { materialise } from '../../infra/secrets/materialise';
import type { SecretStore } from '../../infra/secrets/store';
import { platform } from '../../platform';
import type { Cluster } from '../../src/model/cluster';
import { describeClusters } from '../../src/model/resolve/clusters';

/** A moment to start from, ten days ago: what is made then and in the days after it is valid in a handshake of today. */
export const NOW = new Date(Date.now() - 10 * 86_400_000);
export const after = (days: number) => new Date(NOW.getTime() + days * 86_400_000);

export function clusterOf(name: string): Cluster {
  return new Map(describeClusters(platform.props)).get(name)!;
}

/** A local site with so many hosts. */
export function localSite(hosts = 1, more: Partial<Site> = {}): Site {
  return {
    hosts: Array.from({ length: hosts }, (_, index) => ({
      name: `control-plane-${index + 1}`,
      address: `127.20.0.${11 + index}`,
      root: '',
    })),
    endpoint: { host: '127.20.0.10', port: 6443 },
    encryption: { kind: 'key' },
    offCluster: { kind: 'folder', path: '/snapshots' },
    serviceAccountIssuer: 'https://api.local.harbour.example.com',
    sharedMachine: true,
    ...more,
  };
}

export const localPlan = (hosts = 1, more: Partial<Site> = {}): PkiPlan =>
  pkiPlan(clusterOf('local'), localSite(hosts, more));

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A folder that goes when the test file ends. */
export function freshFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'keelson-secrets-')));
  made.push(folder);
  return join(folder, 'secrets');
}

let filled: Promise<string> | undefined;

/** A store of one host's plan, filled at `NOW`: each call gives a copy of its own. */
export async function filledStore(): Promise<FolderStore> {
  filled ??= (async () => {
    const folder = freshFolder();
    await ensurePki(localPlan(), await FolderStore.open(folder), NOW);
    return folder;
  })();
  const copy = freshFolder();
  cpSync(await filled, copy, { recursive: true });
  return FolderStore.open(copy);
}

/** Path, mode and digest of every file of a folder. */
export function fingerprintOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => {
      const { mode, mtimeMs } = statSync(file);
      const bytes = createHash('sha256').update(readFileSync(file)).digest('hex');
      return `${relative(folder, file)} ${(mode & 0o777).toString(8)} ${mtimeMs} ${bytes}`;
    })
    .sort();
}

export async function textOf(store: SecretStore, material: Material): Promise<string> {
  return (await materialise(material, store)).toString('utf8');
}

/** What one side of a handshake has. */
export interface Side {
  readonly certificate?: string;
  readonly key?: string;
  readonly trust: string;
}

/**
 * A TLS handshake on loopback in which both sides ask for a certificate: `ok`, or which side refused the other and why.
 * `name` is what the client takes the server for.
 */
export async function handshake(server: Side, client: Side, name = 'localhost'): Promise<string> {
  const options = (side: Side): SecureContextOptions & { allowPartialTrustChain: boolean } => ({
    ca: side.trust,
    ...(side.certificate ? { cert: side.certificate, key: side.key } : {}),
    allowPartialTrustChain: true,
  });
  // Servers of this Node drop `allowPartialTrustChain`, unless their context is made apart.
  const context = createSecureContext(options(server));
  const listener = createServer({
    ...options(server),
    SNICallback: (_name, give) => give(null, context),
    requestCert: true,
    rejectUnauthorized: true,
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  try {
    return await new Promise<string>((resolve) => {
      listener.on('secureConnection', (socket) => {
        resolve('ok');
        socket.destroy();
      });
      listener.on('tlsClientError', (error: NodeJS.ErrnoException) =>
        // The client's own refusal arrives here too, as an alert or a reset.
        setTimeout(() => resolve(`server: ${error.code ?? error.message}`), 20),
      );
      const { port } = listener.address() as AddressInfo;
      const socket = connect({
        secureContext: createSecureContext(options(client)),
        host: '127.0.0.1',
        port,
        // An address may not be a server name of TLS: which one to look for is told apart.
        servername: 'localhost',
        checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (!/ALERT|ECONNRESET|EPIPE/.test(error.code ?? '')) resolve(`client: ${error.code ?? error.message}`);
      });
    });
  } finally {
    listener.close();
  }
}

/**
 * What `openssl verify` says of a leaf under just one authority: `OK`, or its reason. As OpenSSL is by default, with
 * `whole-chain`, the authority must have signed itself.
 */
export function opensslVerify(
  trustFile: string,
  leafFile: string,
  purpose: 'sslserver' | 'sslclient',
  chain: 'partial-chain' | 'whole-chain' = 'partial-chain',
): string {
  const partial = chain === 'partial-chain' ? ['-partial_chain'] : [];
  try {
    execFileSync('openssl', ['verify', ...partial, '-CAfile', trustFile, '-purpose', purpose, leafFile], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return 'OK';
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    if (stderr === undefined) throw error;
    return /error \d+ at [^:]*: (.*)/.exec(stderr)?.[1] ?? stderr;
  }
}
