import { Tenant } from '../src/model';
import { platform } from '../platform';

/** Takes card payments: three stages, generous in production, delivered from the team's own repository. */
export const payments = new Tenant(platform, 'payments', {
  owner: { email: 'payments@example.com', team: 'Payments' },
  groups: { developers: 'payments-developers', admins: 'payments-leads', viewers: 'payments-readers' },
  environments: {
    dev: {},
    staging: {},
    prod: { quota: { cpu: '32', memory: '64Gi', storage: '500Gi', pods: 200 } },
  },
  repositories: [{ url: 'https://git.example.com/payments/deploy.git' }],
});
