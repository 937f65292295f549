import { startApiServer, type ApiServer, type ApiServerOptions } from '../../../src/engines';

/** A control plane for one test file; whoever starts it stops it in `afterAll`. */
export interface ControlPlane extends ApiServer {
  /** What a Kubernetes client needs. */
  readonly clientConfig: { readonly url: string; readonly ca: string; readonly token: string };
  /** Sends an object by server-side apply with strict field validation; nothing is stored when `dryRun`. */
  apply(object: unknown, target: string, options?: { readonly dryRun?: boolean }): Promise<ApplyAnswer>;
}

/** What the API server said to one object. */
export interface ApplyAnswer {
  readonly accepted: boolean;
  readonly status: number;
  /** The server's reason where it refused. */
  readonly message: string;
}

/**
 * Starts etcd and kube-apiserver on loopback. ServiceAccount admission is off, since no controller makes the accounts
 * that it waits for. Both processes end with the test's process if nobody stops them.
 */
export async function startControlPlane(options: ApiServerOptions = {}): Promise<ControlPlane> {
  const flags = ['--disable-admission-plugins=ServiceAccount', ...(options.flags ?? [])];
  const server = await startApiServer({ ...options, flags });
  const { url, ca, token } = server;
  return {
    ...server,
    clientConfig: { url, ca, token },
    async apply(object, target, { dryRun = false } = {}) {
      const query = `fieldManager=keelson-test&force=true&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
      const headers = { 'content-type': 'application/apply-patch+yaml' };
      const { status, body } = await server.request('PATCH', `${target}?${query}`, object, headers);
      const message = typeof body === 'string' ? body : ((body as { message?: string }).message ?? '');
      return { accepted: status === 200 || status === 201, status, message };
    },
  };
}
