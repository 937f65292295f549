import type { Tree } from '../../../src/gitops/tree';
import { renderPlatform } from '../../../src/render';
import { claimFile, folderOf, objectIn, objectsIn, smallPlatform, told } from '../../support/platforms';

interface Bound {
  readonly rules: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

async function treeOf(more: string): Promise<Tree> {
  const root = folderOf(smallPlatform({ 'tenants/claims/shop.yaml': claimFile('shop', more) }));
  const { tree, findings } = await renderPlatform({ root, cache: false });
  expect(told(findings)).toEqual([]);
  return tree;
}

const FOLDER = 'clusters/laptop/tenants/shop';
const BOTH = '  environments: { live: {}, sandbox: {} }\n';
const bound = (tree: Tree, file: string, kind: string): Bound => objectIn(tree, file, kind) as unknown as Bound;

test('In production an account of its own may look into containers, and no person may', async () => {
  const tree = await treeOf(BOTH);
  const file = `${FOLDER}/live/break-glass.yaml`;
  const account = { kind: 'ServiceAccount', name: 'shop-live', namespace: 'keelson-break-glass' };
  expect(objectIn(tree, file, 'ServiceAccount')).toMatchObject({
    metadata: { name: account.name, namespace: account.namespace },
    automountServiceAccountToken: false,
  });
  expect(bound(tree, file, 'RoleBinding').subjects).toEqual([account]);
  const beyondReading = bound(tree, file, 'Role')
    .rules.flatMap(({ resources, verbs }) => resources.flatMap((one) => verbs.map((verb) => `${one} ${verb}`)))
    .filter((right) => !/ (get|list|watch)$/.test(right));
  expect(beyondReading.sort()).toEqual([
    'pods/attach create',
    'pods/ephemeralcontainers patch',
    'pods/ephemeralcontainers update',
    'pods/exec create',
    'pods/portforward create',
  ]);
  expect(objectsIn(tree, `${FOLDER}/sandbox/break-glass.yaml`)).toEqual([]);
});

test('A tenant that is on its way out has no such account, one that is suspended keeps it', async () => {
  expect(objectsIn(await treeOf(`${BOTH}  state: removed\n`), `${FOLDER}/live/break-glass.yaml`)).toEqual([]);
  expect(objectsIn(await treeOf(`${BOTH}  state: suspended\n`), `${FOLDER}/live/break-glass.yaml`)).toHaveLength(3);
});

test('Who may ask for a token is on call for the platform or in its group of emergency access, and nobody of a tenant', async () => {
  const tree = await treeOf(BOTH);
  const file = 'clusters/laptop/apps/break-glass.yaml';
  expect(bound(tree, file, 'RoleBinding').subjects.map(({ name }) => name)).toEqual([
    'oidc:platform-oncall',
    'oidc:break-glass',
  ]);
  // A Pod or a Secret there would be a token without an end.
  expect(objectIn(tree, file, 'ResourceQuota').spec.hard).toMatchObject({ pods: 0, secrets: 0 });
  expect(objectIn(tree, file, 'ValidatingAdmissionPolicyBinding').spec.validationActions).toEqual(['Deny']);
});
