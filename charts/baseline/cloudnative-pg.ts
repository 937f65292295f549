import { DATABASE_PORT } from '../../src/model/database';
import type { Component } from '../component';
import { CLOUDNATIVE_PG } from '../cloudnative-pg';
import { defineComponent } from '../component';
import { RESTRICTED_CONTAINER, RESTRICTED_POD, resources, spread } from '../hardening';

const OPERATOR = CLOUDNATIVE_PG.labels;

export const component: Component = defineComponent({
  name: 'cloudnative-pg',
  summary: 'Runs PostgreSQL for tenants, in their own namespaces',
  providers: ['aws', 'eks', 'local'],

  declare: (cluster) => {
    const replicas = cluster.replicas.controller;
    return {
      chart: {
        repository: 'https://cloudnative-pg.github.io/charts',
        name: 'cloudnative-pg',
        version: '0.29.0',
        values: {
          crds: { create: false },
          replicaCount: replicas,
          priorityClassName: 'platform-critical',
          resources: resources('100m', '256Mi', { memory: '512Mi' }),
          podSecurityContext: RESTRICTED_POD,
          containerSecurityContext: { ...RESTRICTED_CONTAINER, runAsUser: 10001, runAsGroup: 10001 },
          topologySpreadConstraints: spread(OPERATOR),
          webhook: {
            mutating: { create: true, failurePolicy: 'Fail' },
            validating: { create: true, failurePolicy: 'Fail' },
          },
          config: {
            clusterWide: true,
            data: {
              // Databases carry their tenant, as everything else of it does.
              INHERITED_LABELS: 'tenant,environment',
              // How long a backup is kept.
              INHERITED_ANNOTATIONS: 'keelson.dev/*',
            },
          },
          monitoring: { podMonitorEnabled: false, grafanaDashboard: { create: false } },
        },
      },
      namespace: { name: CLOUDNATIVE_PG.namespace, level: 'restricted' },
      workloads: {
        operator: {
          labels: OPERATOR,
          serves: { webhook: { port: 9443, to: ['api-server'] } },
          reaches: [
            { to: 'api-server' },
            { to: 'tenants', port: CLOUDNATIVE_PG.status, why: 'asks database instances for their state' },
            { to: 'tenants', port: DATABASE_PORT, why: 'manages databases and roles' },
          ],
          scrape: [{ port: 8080 }],
          ...(replicas > 1 ? { disruptionBudget: { maxUnavailable: 1 } } : {}),
        },
      },
      crds: {
        source: {
          repository: 'https://github.com/cloudnative-pg/cloudnative-pg',
          revision: 'v1.30.0',
          path: 'config/crd/bases',
        },
        kinds: [
          'postgresql.cnpg.io/Backup',
          'postgresql.cnpg.io/Cluster',
          'postgresql.cnpg.io/ClusterImageCatalog',
          'postgresql.cnpg.io/Database',
          'postgresql.cnpg.io/DatabaseRole',
          'postgresql.cnpg.io/FailoverQuorum',
          'postgresql.cnpg.io/ImageCatalog',
          'postgresql.cnpg.io/Pooler',
          'postgresql.cnpg.io/Publication',
          'postgresql.cnpg.io/ScheduledBackup',
          'postgresql.cnpg.io/Subscription',
        ],
      },
      webhooks: [
        {
          name: 'cnpg-mutating-webhook-configuration',
          type: 'mutating',
          workload: 'operator',
          port: 'webhook',
          failurePolicy: 'Fail',
          kinds: [
            'postgresql.cnpg.io/Backup',
            'postgresql.cnpg.io/Cluster',
            'postgresql.cnpg.io/Database',
            'postgresql.cnpg.io/ScheduledBackup',
          ],
        },
        {
          name: 'cnpg-validating-webhook-configuration',
          type: 'validating',
          workload: 'operator',
          port: 'webhook',
          failurePolicy: 'Fail',
          kinds: [
            'postgresql.cnpg.io/Backup',
            'postgresql.cnpg.io/Cluster',
            'postgresql.cnpg.io/Database',
            'postgresql.cnpg.io/Pooler',
            'postgresql.cnpg.io/ScheduledBackup',
          ],
        },
      ],
      priorityClass: 'platform-critical',
      exceptions: [
        {
          what: 'webhooks fail closed without a namespace selector',
          reason: 'the chart has no value for it; they see kinds of their own only, and databases run on without them',
        },
      ],
    };
  },
});
