import { Tenant } from '../../../../../src/model';
import { long, platform } from '../platform';

const quota = { cpu: '1500500m', memory: '0.5Ti', storage: '1.5Pi', pods: 5000 };

/** The longest name, every field said. */
export const most = new Tenant(platform, long('0-', 40), {
  owner: { email: `o'brien+k8s{on}@example.com`, team: long('ü: "Team" {{ x }} # & \'', 63) },
  groups: { developers: 'a:b/c', admins: '@admins', viewers: '#1' },
  environments: {
    [long('prod', 20)]: { quota, nodePool: long('pool', 30) },
    [long('test', 20)]: { quota: { cpu: '100m', memory: '512Mi', storage: '1', pods: 1 }, nodePool: '1e3' },
  },
  repositories: [{ url: 'ssh://git@git.example.com:2222/a/b.git', path: '_a/B.c/d-e', revision: 'v1.2.3/x_y' }],
});
