import { Tenant } from '../src/model';
import { platform } from '../platform';

/** Trains and serves models: large containers on the machines with much memory. */
export const recommendations = new Tenant(platform, 'recommendations', {
  owner: { email: 'recommendations@example.com', team: 'Recommendations' },
  groups: { developers: 'recommendations-developers', admins: 'recommendations-leads' },
  environments: {
    dev: { quota: { cpu: '8', memory: '24Gi' } },
    prod: { nodePool: 'memory', quota: { cpu: '24', memory: '192Gi', storage: '1Ti' } },
  },
  connections: {
    to: [{ tenant: 'payments', port: 8080, workload: 'ranking', environments: ['prod'] }],
  },
  repositories: [
    { url: 'https://git.example.com/recommendations/platform.git', path: 'k8s/overlays', revision: 'release' },
  ],
});
