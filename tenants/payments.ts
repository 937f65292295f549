import { Tenant } from '../src/model';
import { platform } from '../platform';

/** Takes card payments: three stages, a database in each, confidential data, and a name that the world can reach. */
export const payments = new Tenant(platform, 'payments', {
  owner: {
    email: 'payments@example.com',
    team: 'Payments',
    onCall: '+49 30 5550100',
    reviewers: ['@example/payments'],
  },
  groups: { developers: 'payments-developers', admins: 'payments-leads', viewers: 'payments-readers' },
  costCentre: 'cc-1042',
  monthlyBudget: 4000,
  dataClass: 'confidential',
  environments: {
    dev: {},
    staging: {},
    prod: {
      quota: { cpu: '32', memory: '64Gi', storage: '500Gi', pods: 200 },
      hosts: [
        {
          host: 'pay.apps.production.harbour.example.com',
          service: 'web',
          port: 80,
          targetPort: 8080,
          workload: 'web',
          paths: ['/checkout', '/api'],
        },
      ],
      autoscaling: { minimum: 3, maximum: 40 },
    },
  },
  repositories: [{ url: 'https://git.example.com/payments/deploy.git' }],
  connections: {
    from: [{ tenant: 'recommendations', port: 8080, workload: 'web', methods: ['GET'], environments: ['prod'] }],
    outside: [{ host: 'api.card-network.example.net', port: 443, why: 'authorises cards' }],
  },
  metrics: [{ port: 9102, workload: 'web' }],
  databases: { orders: { version: '17' } },
  workloadIdentities: {
    receipts: {
      workloads: ['web'],
      permissions: [
        { actions: ['s3:GetObject', 's3:PutObject'], resources: ['arn:aws:s3:::harbour-{environment}-receipts/*'] },
      ],
    },
  },
  slos: {
    checkout: {
      objective: 99.9,
      metric: 'http_requests_total',
      labels: { handler: '/checkout' },
      bad: { code: '5..' },
    },
  },
});
