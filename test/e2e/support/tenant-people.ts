import type { ApiAnswer, ApiServer } from '../../../src/engines';
import { messageOf } from './api';

/** Somebody, as the API server sees them. */
export interface Person {
  readonly name: string;
  /** @default - none but those that everybody is in */
  readonly group?: string;
}

const robot = (environment: string): Person => ({ name: `system:serviceaccount:keelson-delivery:${environment}` });

/** Everybody who may come to a tenant `shop` beside a tenant `wiki`. */
export const PEOPLE = {
  viewer: { name: 'ann', group: 'oidc:shop-readers' },
  developer: { name: 'bob', group: 'oidc:shop-developers' },
  admin: { name: 'eve', group: 'oidc:shop-leads' },
  robot: robot('shop-live'),
  sandboxRobot: robot('shop-sandbox'),
  stranger: { name: 'wim', group: 'oidc:wiki-developers' },
  strangeRobot: robot('wiki-sandbox'),
  workload: { name: 'system:serviceaccount:shop-live:default' },
  nobody: { name: 'joe', group: 'oidc:everybody' },
  oncall: { name: 'pam', group: 'oidc:platform-oncall' },
} as const satisfies Readonly<Record<string, Person>>;

export type Who = keyof typeof PEOPLE;

/** A right, as `verb group/resource` with `''` for the core group and a subresource after another slash. */
export type Right = string;

/** Sends a request as somebody. */
export function as(server: ApiServer, who: Person, headers: Record<string, string> = {}) {
  return (method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<ApiAnswer> =>
    server.request(method, path, body, {
      'impersonate-user': who.name,
      ...(who.group === undefined ? {} : { 'impersonate-group': who.group }),
      ...headers,
      ...more,
    });
}

/** Asks the API server whether somebody may do something. */
export async function may(server: ApiServer, who: Person, namespace: string, right: Right): Promise<boolean> {
  const [verb, target = ''] = right.split(' ');
  const [group, resource, subresource] = target.split('/');
  const isAccount = who.name.startsWith('system:serviceaccount:');
  const [, , home] = who.name.split(':');
  const { status, body } = await server.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: who.name,
      groups: [
        'system:authenticated',
        ...(who.group === undefined ? [] : [who.group]),
        ...(isAccount ? ['system:serviceaccounts', `system:serviceaccounts:${home}`] : []),
      ],
      resourceAttributes: { namespace, verb, group, resource, ...(subresource === undefined ? {} : { subresource }) },
    },
  });
  if (status !== 201) throw new Error(`${right}: ${status} ${messageOf(body)}`);
  return (body as { status: { allowed: boolean } }).status.allowed;
}
