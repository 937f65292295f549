import { loadAll } from 'js-yaml';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApiServer, type ApiAnswer, type ApiServer } from '../../../src/engines';
import { renderPlatform } from '../../../src/render';
import { billing, everyField } from '../../support/claims';
import { claimFile, folderOf, localProps, platformFile, told } from '../../support/platforms';
import { Api, messageOf, onEach, type KubeObject } from './api';
import { startQuotaController } from './quota-controller';
import { as, PEOPLE } from './tenant-people';

/** How long the API server and the quota's controller may take to notice something, in milliseconds. */
const NOTICED = 60_000;

/** What the API server serves by itself; definitions of the others are not needed to ask who may do what. */
const OWN_GROUPS =
  /^(v1|(apps|policy)\/.*|(rbac\.authorization|networking|scheduling|admissionregistration)\.k8s\.io\/.*)$/;

/** Of the tree, what bounds tenants: all that is theirs, and what the cluster has for that. */
const WANTED =
  /^clusters\/laptop\/(tenants\/.*|baseline\/priority-classes\/.*|apps\/(break-glass|robots)|policies\/(platform-objects|account-tokens))\.yaml$/;

export interface Quota extends KubeObject {
  readonly status?: { readonly hard?: Record<string, string>; readonly used?: Record<string, string> };
}

/** An API server on which three tenants stand: `shop` with every field, `billing`, and `wiki` with the smallest claim. */
export interface TenantControlPlane {
  readonly server: ApiServer;
  readonly api: Api;
  /** Everything that was applied. */
  readonly objects: readonly KubeObject[];
  stop(): Promise<void>;
}

/** Renders the tenants and applies them; gives the server when quotas are counted and guardrails hold. */
export async function startTenantControlPlane(flags: readonly string[] = []): Promise<TenantControlPlane> {
  const objects = await rendered();
  // Nobody makes the accounts that ServiceAccount admission waits for.
  const server = await startApiServer({ flags: ['--disable-admission-plugins=ServiceAccount', ...flags] });
  const stopController = await startQuotaController(server);
  const stop = async (): Promise<void> => {
    stopController();
    await server.stop();
  };
  try {
    return { server, api: await applied(server, objects), objects, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function applied(server: ApiServer, objects: readonly KubeObject[]): Promise<Api> {
  const api = await Api.of(server);
  const made = (object: KubeObject) => accepted(api.apply(object));
  const isNamespace = ({ kind }: KubeObject) => kind === 'Namespace';
  // Guardrails last: they take a moment to hold, and what they protect is there by then.
  const isGuardrail = ({ apiVersion }: KubeObject) => apiVersion.startsWith('admissionregistration');
  await onEach(objects.filter(isNamespace), made);
  await onEach(
    objects.filter((one) => !isNamespace(one) && !isGuardrail(one)),
    made,
  );
  await onEach(objects.filter(isGuardrail), made);
  await until('quotas are not counted', async () => {
    const quotas = await api.list<Quota>('v1', 'ResourceQuota', 'wiki-sandbox');
    return quotas.length > 0 && quotas.every(({ status }) => status?.hard !== undefined);
  });
  await until('guardrails are not enforced', async () => {
    const policies = '/apis/networking.k8s.io/v1/namespaces/shop-sandbox/networkpolicies';
    return (await as(server, PEOPLE.developer)('DELETE', `${policies}/default-deny?dryRun=All`)).status !== 200;
  });
  await until('the terms of a token are not enforced', async () => {
    const target = '/api/v1/namespaces/keelson-break-glass/serviceaccounts/shop-live/token';
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    return (await server.request('POST', target, request)).status !== 201;
  });
  return api;
}

async function rendered(): Promise<readonly KubeObject[]> {
  const claim = (name: string, spec: object) =>
    JSON.stringify({ apiVersion: 'platform.keelson.dev/v2', kind: 'Tenant', metadata: { name }, spec });
  const mail = { host: 'mail.example.com', from: 'platform@example.com' };
  const files = {
    'platform.ts': platformFile({ ...localProps, mail }),
    'tenants/claims/shop.yaml': claim('shop', everyField()),
    'tenants/claims/billing.yaml': claim('billing', billing()),
    'tenants/claims/wiki.yaml': claimFile('wiki'),
  };
  const { tree, findings } = await renderPlatform({ root: folderOf(files), cache: false });
  expect(told(findings.filter(({ severity, file }) => severity === 'error' && file.startsWith('tenants/')))).toEqual(
    [],
  );
  return [...tree.files.keys()]
    .filter((file) => WANTED.test(file))
    .flatMap((file) => loadAll(tree.read(file).toString('utf8')) as KubeObject[])
    .filter(({ apiVersion }) => OWN_GROUPS.test(apiVersion));
}

/** The answer, where it is no refusal. */
export async function accepted(answer: Promise<ApiAnswer>): Promise<ApiAnswer> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status} ${messageOf(body)}`);
  return { status, body };
}

/** Waits until something holds; throws what it says otherwise. */
export async function until(otherwise: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + NOTICED; !(await holds()); await sleep(300)) {
    if (Date.now() > deadline) throw new Error(otherwise);
  }
}

/** A Pod as Pod Security's strictest level wants it; `container` is what is said of its container beyond. */
export function pod(name: string, namespace: string, container: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'main',
          image: `registry.example.com/web@sha256:${'0'.repeat(64)}`,
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          ...container,
        },
      ],
    },
  };
}
