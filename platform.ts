import { Platform } from './src/model';

/**
 * The example platform: production on AWS virtual machines, non-production on EKS, one cluster on this machine.
 * Every name, account and address here is made up: replace them with yours.
 */
export const platform = new Platform({
  name: 'harbour',
  domain: 'harbour.example.com',
  contact: 'platform@example.com',
  gitops: { url: 'https://git.example.com/platform/gitops.git' },
  registries: ['registry.example.com', 'ghcr.io/example'],
  oidc: {
    issuer: 'https://login.example.com/realms/staff',
    clientId: 'kubernetes',
    groups: { admins: 'platform-admins', oncall: 'platform-oncall', auditors: 'auditors' },
  },
  breakGlass: { group: 'platform-break-glass' },

  clusters: {
    production: {
      provider: 'aws',
      region: 'eu-central-1',
      accountId: '111122223333',
      kubernetesVersion: '1.36.3',
      network: { podCidr: '10.64.0.0/14', serviceCidr: '10.96.0.0/16', nodeCidr: '10.0.0.0/16' },
      nodePools: {
        system: {
          minimum: 3,
          instanceType: 'm7i.xlarge',
          capacity: { cpu: '3920m', memory: '14Gi' },
          labels: { 'keelson.dev/pool': 'system' },
        },
        general: {
          minimum: 3,
          maximum: 12,
          instanceType: 'm7i.2xlarge',
          capacity: { cpu: '7910m', memory: '29Gi' },
          labels: { 'keelson.dev/pool': 'general' },
        },
        memory: {
          minimum: 1,
          maximum: 6,
          instanceType: 'r7i.2xlarge',
          capacity: { cpu: '7910m', memory: '60Gi' },
          labels: { 'keelson.dev/pool': 'memory' },
          taints: [{ key: 'keelson.dev/pool', value: 'memory', effect: 'NoSchedule' }],
        },
      },
      storage: {
        backups: 'harbour-production-backups',
        logs: 'harbour-production-logs',
        traces: 'harbour-production-traces',
      },
    },
    nonproduction: {
      provider: 'eks',
      region: 'eu-central-1',
      accountId: '444455556666',
      kubernetesVersion: '1.36.3',
      network: { podCidr: '10.68.0.0/14', serviceCidr: '10.97.0.0/16', nodeCidr: '10.1.0.0/16' },
      nodePools: {
        general: {
          minimum: 2,
          maximum: 8,
          instanceType: 'm7i.xlarge',
          capacity: { cpu: '3920m', memory: '14Gi' },
        },
      },
      storage: {
        backups: 'harbour-nonproduction-backups',
        logs: 'harbour-nonproduction-logs',
        traces: 'harbour-nonproduction-traces',
      },
    },
    local: {
      provider: 'local',
      kubernetesVersion: '1.36.3',
      network: { podCidr: '10.244.0.0/16', serviceCidr: '10.98.0.0/16', nodeCidr: '10.200.0.0/24' },
      nodePools: { machine: { minimum: 1, capacity: { cpu: '4', memory: '12Gi' } } },
    },
  },

  environments: {
    prod: { cluster: 'production', production: true },
    staging: { cluster: 'nonproduction' },
    dev: { cluster: 'nonproduction' },
    sandbox: { cluster: 'local' },
  },
});
