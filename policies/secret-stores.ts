import type { JsonObject } from '../src/model/component';
import { TENANT_NAMESPACE } from '../src/model/tenant-namespace';
import type { ExampleObject, Guardrail } from './guardrail';

const STORES = TENANT_NAMESPACE.secretStores;

/** How often a secret may be read at the most. The cloud answers an account some thousand times a second, all in all. */
const OFTEN = '5m';

const OWN = { [STORES]: 'tenant,payments-api' };

/** Lists of an ExternalSecret whose entries may name a store, or a generator, of their own. */
const SOURCES = ['data', 'dataFrom'].map((list) => `(has(object.spec.${list}) ? object.spec.${list} : [])`);

const isOwn = (ref: string) =>
  `(!has(${ref}.kind) || ${ref}.kind == 'SecretStore') && has(${ref}.name) && ${ref}.name in variables.stores`;

const secret = (spec: JsonObject): ExampleObject => ({
  apiVersion: 'external-secrets.io/v1',
  kind: 'ExternalSecret',
  metadata: { name: 'web' },
  spec: { refreshInterval: '1h', target: { name: 'web' }, ...spec },
});
const data = [{ secretKey: 'password', remoteRef: { key: 'web/password' } }];

export const guardrail: Guardrail = {
  name: 'secret-stores',
  summary: 'ExternalSecrets of a tenant read from its own stores, which the claim makes, and from nothing else',
  why: 'External Secrets reads for everybody: a store of the whole cluster would give out the platform’s secrets, one that a tenant writes itself could read as any ServiceAccount of the namespace, and a generator calls places that no store allows.',
  source: 'https://external-secrets.io/latest/guides/multi-tenancy/',
  needs: ['external-secrets'],
  match: [
    {
      apiGroups: ['external-secrets.io'],
      apiVersions: ['*'],
      resources: ['externalsecrets'],
      operations: ['CREATE', 'UPDATE'],
    },
  ],
  variables: [
    {
      name: 'stores',
      expression: `has(namespaceObject.metadata.annotations) && '${STORES}' in namespaceObject.metadata.annotations ? namespaceObject.metadata.annotations['${STORES}'].split(',') : []`,
    },
    { name: 'data', expression: SOURCES[0]! },
    { name: 'dataFrom', expression: SOURCES[1]! },
  ],
  validations: [
    {
      expression: '!has(object.spec.target) || !has(object.spec.target.manifest)',
      message: 'an ExternalSecret makes a Secret: leave `target.manifest` out',
    },
    {
      // One that is never read again says zero.
      expression:
        "!has(object.spec.refreshInterval) || duration(object.spec.refreshInterval) == duration('0s') || " +
        `duration(object.spec.refreshInterval) >= duration('${OFTEN}')`,
      message: `all tenants share how often the cloud may be asked: write a \`refreshInterval\` of ${OFTEN} or more`,
    },
    {
      expression: `!has(object.spec.secretStoreRef) || (${isOwn('object.spec.secretStoreRef')})`,
      message: 'secretStoreRef must name a SecretStore of this namespace that the claim makes',
      messageExpression: told("'secretStoreRef'"),
    },
    {
      expression: `variables.data.all(one, !has(one.sourceRef) || (has(one.sourceRef.storeRef) && ${isOwn('one.sourceRef.storeRef')}))`,
      message: 'sourceRef of data must name a SecretStore of this namespace that the claim makes',
      messageExpression: told("'sourceRef of data'"),
    },
    {
      expression: `variables.dataFrom.all(one, !has(one.sourceRef) || (has(one.sourceRef.storeRef) && ${isOwn('one.sourceRef.storeRef')}))`,
      message: 'sourceRef of dataFrom must name a SecretStore of this namespace that the claim makes, and no generator',
      messageExpression: told("'sourceRef of dataFrom'"),
    },
  ],
  examples: {
    pass: [
      {
        what: 'reads from the store that every tenant has',
        annotations: OWN,
        object: secret({ secretStoreRef: { kind: 'SecretStore', name: 'tenant' }, data }),
      },
      {
        what: 'is read once',
        annotations: OWN,
        object: secret({ secretStoreRef: { name: 'tenant' }, refreshInterval: '0s', data }),
      },
      {
        what: 'reads from another of its own without saying its kind',
        annotations: OWN,
        object: secret({ secretStoreRef: { name: 'payments-api' }, data }),
      },
    ],
    fail: [
      {
        what: 'makes something else than a Secret, with the rights of External Secrets',
        annotations: OWN,
        object: secret({
          secretStoreRef: { name: 'tenant' },
          target: { name: 'web', manifest: { apiVersion: 'v1', kind: 'ConfigMap' } },
          data,
        }),
        message: 'makes a Secret',
      },
      {
        what: 'asks every second',
        annotations: OWN,
        object: secret({ secretStoreRef: { name: 'tenant' }, refreshInterval: '1s', data }),
        message: 'a `refreshInterval` of 5m or more',
      },
      {
        what: 'reads from the platform’s store',
        annotations: OWN,
        object: secret({ secretStoreRef: { kind: 'ClusterSecretStore', name: 'platform' }, data }),
        message: 'secretStoreRef must name one of the stores',
      },
      {
        what: 'reads from a store of the whole cluster that is called like its own',
        annotations: OWN,
        object: secret({ secretStoreRef: { kind: 'ClusterSecretStore', name: 'tenant' }, data }),
        message: 'secretStoreRef must name one of the stores',
      },
      {
        what: 'reads from a store that no claim made',
        annotations: OWN,
        object: secret({ secretStoreRef: { name: 'mine' }, data }),
        message: 'tenant,payments-api',
      },
      {
        what: 'has the platform’s store for one entry',
        annotations: OWN,
        object: secret({
          secretStoreRef: { name: 'tenant' },
          data: [{ ...data[0]!, sourceRef: { storeRef: { kind: 'ClusterSecretStore', name: 'platform' } } }],
        }),
        message: 'sourceRef of data must',
      },
      {
        what: 'has a generator make a token',
        annotations: OWN,
        object: secret({
          dataFrom: [
            {
              sourceRef: {
                generatorRef: {
                  apiVersion: 'generators.external-secrets.io/v1alpha1',
                  kind: 'ECRAuthorizationToken',
                  name: 'token',
                },
              },
            },
          ],
        }),
        message: 'sourceRef of dataFrom must',
      },
      {
        what: 'reads where there are no stores',
        object: secret({ secretStoreRef: { name: 'tenant' }, data }),
        message: 'secretStoreRef must name',
      },
    ],
  },
};

/** CEL: the message, with the stores that there are. */
function told(field: string): string {
  return (
    `${field} + ' must name one of the stores that the claim makes, of kind SecretStore: ' + ` +
    `(size(variables.stores) == 0 ? 'this environment has none' : variables.stores.join(','))`
  );
}
