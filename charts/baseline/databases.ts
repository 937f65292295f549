import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import {
  DATABASE_COMPOSITION,
  DATABASE_GROUP,
  DATABASE_KIND,
  DATABASE_PLURAL,
  DATABASE_VERSION,
  DATABASE_VERSIONS,
} from '../../src/model/database';
import { defineComponent } from '../component';
import { KEEP_DAYS, POSTGRES_CATALOG, databaseTemplate } from '../database-composition';
import { byProvider } from '../hardening';
import { addOnLabels } from '../labels';

/** Images that CloudNativePG's manual names for its catalogs; newer patches of a major version may stand here. */
const IMAGES = [
  { major: 15, image: 'ghcr.io/cloudnative-pg/postgresql:15.14-system-trixie' },
  { major: 16, image: 'ghcr.io/cloudnative-pg/postgresql:16.10-system-trixie' },
  { major: 17, image: 'ghcr.io/cloudnative-pg/postgresql:17.6-system-trixie' },
] as const;

/** Custom resources of others may not be there yet when this is applied: what comes late is tried again. */
const EVENTUALLY = { 'argocd.argoproj.io/sync-options': 'SkipDryRunOnMissingResource=true' } as const;

export const component = defineComponent({
  name: 'databases',
  summary: 'The kind Database, and what becomes of one: RDS or PostgreSQL in the cluster, by environment',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => ({
    namespace: { sharedWith: 'crossplane' },
    workloads: {},
    needs: [
      'apiextensions.crossplane.io/CompositeResourceDefinition',
      'apiextensions.crossplane.io/Composition',
      'postgresql.cnpg.io/ClusterImageCatalog',
      ...byProvider<readonly `${string}/${string}`[]>(cluster, {
        cloud: [
          'aws.m.upbound.io/ClusterProviderConfig',
          'policies.kyverno.io/DeletingPolicy',
          'snapshot.storage.k8s.io/VolumeSnapshotClass',
        ],
        local: [],
      }),
    ],
    makesKinds: [`${DATABASE_GROUP}/${DATABASE_KIND}`],
    after: [{ component: 'crossplane', why: 'serves the kind and runs its functions and providers' }],
    priorityClass: 'platform-standard',
  }),

  resources(scope, { cluster, name }) {
    const labels = addOnLabels(name);
    const object = (id: string, apiVersion: string, kind: string, metadata: { name: string }, spec: object) =>
      new ApiObject(scope, id, { apiVersion, kind, metadata: { ...metadata, labels, annotations: EVENTUALLY }, spec });

    object(
      'definition',
      'apiextensions.crossplane.io/v2',
      'CompositeResourceDefinition',
      { name: `${DATABASE_PLURAL}.${DATABASE_GROUP}` },
      {
        group: DATABASE_GROUP,
        scope: 'Namespaced',
        names: { kind: DATABASE_KIND, plural: DATABASE_PLURAL, singular: 'database', listKind: `${DATABASE_KIND}List` },
        // Whoever writes a Database cannot choose what it becomes.
        enforcedCompositionRef: { name: DATABASE_COMPOSITION },
        conversion: { strategy: 'None' },
        versions: DATABASE_VERSIONS,
      },
    );
    object(
      'composition',
      'apiextensions.crossplane.io/v1',
      'Composition',
      { name: DATABASE_COMPOSITION },
      {
        compositeTypeRef: { apiVersion: `${DATABASE_GROUP}/${DATABASE_VERSION}`, kind: DATABASE_KIND },
        mode: 'Pipeline',
        pipeline: [
          {
            step: 'compose',
            functionRef: { name: 'function-go-templating' },
            input: {
              apiVersion: 'gotemplating.fn.crossplane.io/v1beta1',
              kind: 'GoTemplate',
              source: 'Inline',
              inline: { template: databaseTemplate(cluster) },
            },
          },
          { step: 'readiness', functionRef: { name: 'function-auto-ready' } },
        ],
      },
    );
    object(
      'images',
      'postgresql.cnpg.io/v1',
      'ClusterImageCatalog',
      { name: POSTGRES_CATALOG },
      {
        images: IMAGES,
      },
    );
    new k8s.KubeClusterRole(scope, 'crossplane', {
      metadata: {
        name: 'keelson:databases',
        labels: { ...labels, 'rbac.crossplane.io/aggregate-to-crossplane': 'true' },
      },
      rules: [
        // What it is told of an environment is on its namespace.
        { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch'] },
        {
          apiGroups: ['postgresql.cnpg.io'],
          resources: ['clusters', 'scheduledbackups'],
          verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
        },
      ],
    });
    byProvider<() => void>(cluster, {
      cloud: () => {
        object(
          'provider',
          'aws.m.upbound.io/v1beta1',
          'ClusterProviderConfig',
          { name: 'default' },
          {
            credentials: { source: 'IRSA' },
          },
        );
        object(
          'retention',
          'policies.kyverno.io/v1',
          'DeletingPolicy',
          { name: 'database-backups' },
          {
            schedule: '20 * * * *',
            matchConstraints: {
              resourceRules: [
                {
                  apiGroups: ['postgresql.cnpg.io'],
                  apiVersions: ['v1'],
                  operations: ['*'],
                  resources: ['backups'],
                  scope: 'Namespaced',
                },
              ],
              namespaceSelector: { matchExpressions: [{ key: 'tenant', operator: 'Exists' }] },
            },
            conditions: [
              {
                name: 'kept-long-enough',
                expression: [
                  'has(object.metadata.annotations)',
                  `'${KEEP_DAYS}' in object.metadata.annotations`,
                  `time.now() - timestamp(object.metadata.creationTimestamp) > duration(string(int(object.metadata.annotations['${KEEP_DAYS}']) * 24) + 'h')`,
                ].join(' && '),
              },
            ],
          },
        );
        new k8s.KubeClusterRole(scope, 'cleanup', {
          metadata: {
            name: 'keelson:database-backups',
            labels: { ...labels, 'rbac.kyverno.io/aggregate-to-cleanup-controller': 'true' },
          },
          rules: [
            {
              apiGroups: ['postgresql.cnpg.io'],
              resources: ['backups'],
              verbs: ['get', 'list', 'watch', 'delete'],
            },
          ],
        });
      },
      local: () => undefined,
    })();
  },
});
