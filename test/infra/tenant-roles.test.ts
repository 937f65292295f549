import type * as declareAwsModule from '../../infra/aws';
import { type TenantRoles, tenantRoles } from '../../infra/tenant-roles';
import { platform } from '../../platform';
import { claimFile, folderOf, platformFile, tenantFile } from '../support/platforms';
import { collectGraph, type Graph, mockAws } from './support/aws-graph';
import { CLUSTER, describeAwsProps } from './support/aws-props';

const identities = `  environments: { prod: {}, dev: {} }
  secretStores: [payments-api]
  workloadIdentities:
    uploader:
      workloads: [api]
      permissions:
        - actions: [s3:PutObject]
          resources: ['arn:aws:s3:::search-{environment}/*']
        - actions: [sqs:SendMessage]
          resources: ['arn:aws:sqs:{region}:{account}:search']
`;

const platformWith = (files: Readonly<Record<string, string>>) =>
  folderOf({ 'platform.ts': platformFile(platform.props), ...files });

function names({ workloads, stores }: TenantRoles): readonly string[] {
  return [...workloads, ...stores].map(({ role }) => role);
}

describe('Roles of a cluster’s tenants', () => {
  const roles = tenantRoles(platformWith({ 'tenants/claims/search.yaml': claimFile('search', identities) }), CLUSTER);

  test('hold exactly what the claim asks for, with the facts of the environment', () => {
    expect(roles.workloads).toEqual([
      {
        role: 'production.search-prod.uploader',
        wholeName: true,
        namespace: 'search-prod',
        serviceAccount: 'uploader',
        description: 'The tenant search',
        statements: [
          { actions: ['s3:PutObject'], resources: ['arn:aws:s3:::search-prod/*'] },
          { actions: ['sqs:SendMessage'], resources: ['arn:aws:sqs:eu-central-1:111122223333:search'] },
        ],
      },
    ]);
  });

  test('are one a store, each for its own path', () => {
    expect(roles.stores.map(({ role, serviceAccount, statements }) => [role, serviceAccount, statements])).toEqual(
      ['tenant', 'payments-api'].map((store) => [
        `production.search-prod.secret-store.${store}`,
        `secret-store.${store}`,
        [
          {
            actions: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
            resources: [
              `arn:aws:secretsmanager:eu-central-1:111122223333:secret:production/tenants/search/prod/${store}/*`,
            ],
          },
        ],
      ]),
    );
  });

  test('are the same whichever form the claim has', () => {
    const code = `environments: { prod: {}, dev: {} }, secretStores: ['payments-api'],
  workloadIdentities: { uploader: { workloads: ['api'], permissions: [
    { actions: ['s3:PutObject'], resources: ['arn:aws:s3:::search-{environment}/*'] },
    { actions: ['sqs:SendMessage'], resources: ['arn:aws:sqs:{region}:{account}:search'] },
  ] } },`;
    expect(tenantRoles(platformWith({ 'tenants/search.ts': tenantFile('search', code) }), CLUSTER)).toEqual(roles);
  });

  test('are made with no more than that, and bounded where there is a boundary', async () => {
    await mockAws('production');
    const { declareAws } = require('../../infra/aws') as typeof declareAwsModule;
    const boundary = 'arn:aws:iam::111122223333:policy/boundary';
    const graph: Graph = await collectGraph(async () => {
      await Promise.resolve(declareAws(describeAwsProps({ tenants: roles, permissionsBoundary: boundary })));
    });
    const made = graph.nodes.filter(({ type }) => type === 'aws:iam/role:Role');
    expect(made.map(({ inputs }) => inputs['name'])).toEqual(expect.arrayContaining([...names(roles)]));
    expect(made.filter(({ inputs }) => inputs['permissionsBoundary'] !== boundary)).toEqual([]);
    const access = graph.nodes.find(
      ({ type, name }) => type === 'aws:iam/rolePolicy:RolePolicy' && name === 'role-production.search-prod.uploader',
    );
    expect(JSON.parse(String(access?.inputs['policy']))).toMatchObject({
      Statement: roles.workloads[0]!.statements.map(({ actions, resources }) => ({
        Effect: 'Allow',
        Action: actions,
        Resource: resources,
      })),
    });
    const trust = made.find(({ inputs }) => inputs['name'] === 'production.search-prod.uploader');
    expect(String(trust?.inputs['assumeRolePolicy'])).toContain('"system:serviceaccount:search-prod:uploader"');
  });
});

test('No two identities have one role, however their names run together or are shortened', () => {
  const identity = (name: string) => `  environments: { prod: {} }
  workloadIdentities:
    ${name}: { workloads: [api], permissions: [{ actions: [s3:GetObject], resources: ['arn:aws:s3:::b/*'] }] }
`;
  const long = 'a-tenant-with-a-name-of-forty-characters';
  const roles = tenantRoles(
    platformWith({
      'tenants/claims/pay.yaml': claimFile('pay', identity('prod-x')),
      'tenants/claims/pay-prod.yaml': claimFile('pay-prod', identity('x')),
      [`tenants/claims/${long}.yaml`]: claimFile(long, identity('an-identity-of-letters-a')),
      [`tenants/claims/${long.slice(0, -1)}z.yaml`]: claimFile(
        `${long.slice(0, -1)}z`,
        identity('an-identity-of-letters-b'),
      ),
    }),
    CLUSTER,
  );
  expect(new Set(names(roles)).size).toBe(8);
  expect(names(roles).filter((name) => name.length > 64)).toEqual([]);
});

test('A stack is left as it is while a claim is broken, and says which', () => {
  const root = platformWith({
    'tenants/claims/search.yaml': claimFile('search', identities),
    'tenants/claims/shop.yaml': claimFile('shop', '  registries: [docker.io/shop]\n'),
  });
  expect(() => tenantRoles(root, CLUSTER)).toThrow(/shop\.yaml: spec\.registries\[0\].*\n.*would lose its roles/);
});
