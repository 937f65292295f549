import { Platform } from '../../../../src/model';

/** All that may be left out is left out, and every name is as short as it may be. */
export const platform = new Platform({
  name: '0',
  domain: 'localhost',
  contact: 'a@localhost',
  gitops: { url: 'file:///g' },
  registries: ['localhost'],
  oidc: { issuer: 'https://0.a', clientId: '0', groups: { admins: '0', oncall: '1', auditors: '2' } },
  breakGlass: { group: '3' },
  clusters: {
    '0': {
      provider: 'local',
      kubernetesVersion: '1.36.3',
      network: { podCidr: '10.0.0.0/16', serviceCidr: '10.1.0.0/24', nodeCidr: '10.2.0.0/24' },
      nodePools: { '0': { minimum: 1, capacity: { cpu: '1', memory: '1Gi' } } },
    },
  },
  environments: { '1': { cluster: '0' } },
});
