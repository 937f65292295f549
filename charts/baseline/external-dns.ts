import type { Cluster } from '../component';
import { defineComponent } from '../component';
import {
  RESTRICTED_CONTAINER,
  RESTRICTED_POD,
  afterIdentityWebhook,
  reachesSts,
  resources,
  roleArn,
} from '../hardening';
import { GATEWAY } from '../shared-gateway';

const LABELS = {
  'app.kubernetes.io/instance': 'external-dns',
  'app.kubernetes.io/name': 'external-dns',
};

const USER = { runAsUser: 65532, runAsGroup: 65532 };

export const component = defineComponent({
  name: 'external-dns',
  summary: 'Writes the names of the gateway’s routes into the public zone',
  providers: ['aws', 'eks'],

  declare: (cluster) => ({
    chart: {
      repository: 'https://kubernetes-sigs.github.io/external-dns',
      name: 'external-dns',
      version: '1.21.1',
      values: {
        provider: { name: 'aws' },
        sources: ['gateway-httproute'],
        gatewayNamespace: GATEWAY.namespace,
        // Zones that it looks at; a name is published where a listener of the gateway has it, and is written by nobody
        // but the platform.
        domainFilters: domains(cluster),
        // Below the domain there is a private zone too, of the API's name: it may not read that, and would give up.
        extraArgs: ['--aws-zone-type=public', '--gateway-listener-sets'],
        rbac: {
          additionalPermissions: [
            { apiGroups: ['gateway.networking.k8s.io'], resources: ['listenersets'], verbs: ['get', 'list', 'watch'] },
          ],
        },
        // Records carry the cluster's name, so that none is removed that another cluster wrote.
        registry: 'txt',
        txtOwnerId: cluster.name,
        policy: 'sync',
        logFormat: 'json',
        priorityClassName: 'platform-standard',
        resources: resources('20m', '128Mi'),
        podSecurityContext: { ...RESTRICTED_POD, fsGroup: USER.runAsGroup },
        securityContext: { ...RESTRICTED_CONTAINER, ...USER },
        serviceAccount: {
          name: 'external-dns',
          annotations: { 'eks.amazonaws.com/role-arn': roleArn(cluster, 'external-dns') },
        },
        env: [{ name: 'AWS_REGION', value: cluster.region ?? '' }],
        serviceMonitor: { enabled: false },
      },
    },
    namespace: { name: 'external-dns', level: 'restricted' },
    workloads: {
      controller: {
        labels: LABELS,
        reaches: [
          { to: 'api-server' },
          { to: 'host', host: 'route53.amazonaws.com', port: 443, why: 'writes records' },
          reachesSts(cluster),
        ],
        scrape: [{ port: 7979 }],
      },
    },
    needs: [
      'gateway.networking.k8s.io/Gateway',
      'gateway.networking.k8s.io/HTTPRoute',
      'gateway.networking.k8s.io/ListenerSet',
    ],
    after: afterIdentityWebhook(cluster),
    identities: [{ serviceAccount: 'external-dns', role: 'external-dns' }],
    priorityClass: 'platform-standard',
    exceptions: [
      {
        what: 'two replicas, a disruption budget and topology spread',
        reason: 'it elects no leader and its chart allows one copy; while it moves, records stay as they are',
      },
    ],
  }),
});

/** The cluster's own domain, and those of tenants that are not below it. */
function domains({ domain, tenantDomains }: Cluster): string[] {
  return [domain, ...tenantDomains.filter((one) => !one.endsWith(`.${domain}`))];
}
