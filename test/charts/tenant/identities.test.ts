import type { Tree } from '../../../src/gitops/tree';
import { objectIn } from '../../support/platforms';
import { fileOf, withSearch } from './cloud';

let tree: Tree;

beforeAll(async () => {
  tree = await withSearch(`  workloadIdentities:
    uploader:
      workloads: [worker, api]
      permissions: [{ actions: [s3:PutObject], resources: ['arn:aws:s3:::search-{environment}/*'] }]
`);
});

const account = (environment: 'prod' | 'dev' | 'sandbox') =>
  objectIn(tree, fileOf(environment, 'identities'), 'ServiceAccount', 'uploader');

test('An identity is an account without a token, whose role stands where its cloud looks for it', () => {
  expect(account('prod')).toMatchObject({
    metadata: { namespace: 'search-prod' },
    automountServiceAccountToken: false,
  });
  expect(account('prod').metadata.annotations).toEqual({
    'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/production.search-prod.uploader',
  });
  // EKS knows by association, and this machine has no cloud.
  for (const environment of ['dev', 'sandbox'] as const) {
    expect(account(environment)).toMatchObject({ automountServiceAccountToken: false });
    expect(account(environment).metadata.annotations).toBeUndefined();
  }
});

test.each(['prod', 'dev', 'sandbox'] as const)('The namespace says who may run as it (%s)', (environment) => {
  const { metadata } = objectIn(tree, fileOf(environment, 'namespace'), 'Namespace');
  expect(metadata.annotations).toMatchObject({ 'identity.keelson.dev/uploader': 'api,worker' });
});
