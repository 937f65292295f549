import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { BREAK_GLASS, LONGEST } from '../../src/model/break-glass';
import { BREAK_GLASS_NAMESPACE } from '../../src/model/names';
import { addAccountsNamespace } from '../accounts-namespace';
import { FIRST_WAVE } from '../argo-cd';
import type { ClusterFacet } from '../facet';
import { MANAGED } from '../labels';

const NAME = 'break-glass';
const RBAC = 'rbac.authorization.k8s.io';

/**
 * The namespace of the accounts that look into tenants' production, and who may ask for a token of one. A token ends by
 * itself, at the latest after an hour; who asked, for whom and why stands in the API server's audit log.
 */
export const facet: ClusterFacet = {
  render(scope, _slice, cluster) {
    const namespace = BREAK_GLASS_NAMESPACE;
    const labels = { ...MANAGED };
    addAccountsNamespace(scope, namespace, cluster);
    const { breakGlassGroup, oidc } = cluster.platform;
    new k8s.KubeRole(scope, 'role', {
      metadata: { name: NAME, namespace, labels },
      rules: [
        { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
        // An account that is deleted takes its tokens along, and Argo CD makes it anew.
        { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['delete', 'get', 'list'] },
      ],
    });
    new k8s.KubeRoleBinding(scope, 'binding', {
      metadata: { name: NAME, namespace, labels },
      roleRef: { apiGroup: RBAC, kind: 'Role', name: NAME },
      subjects: [...new Set([oidc.groups.oncall, breakGlassGroup])].map((group) => ({
        apiGroup: RBAC,
        kind: 'Group',
        name: `${oidc.groupsPrefix}${group}`,
      })),
    });
    addTerms(scope);
  },
};

/** What every request for a token must say, whoever sends it, and what of it the audit log keeps. */
function addTerms(scope: Construct): void {
  const name = `keelson-${NAME}`;
  const said = (annotation: string) =>
    `has(object.metadata.annotations) && '${annotation}' in object.metadata.annotations`;
  const text = (annotation: string) => `object.metadata.annotations['${annotation}']`;
  // The API server knows no type of what is sent to a subresource, and keeps nothing but text.
  const keep = (annotation: string) => `${said(annotation)} ? string(${text(annotation)}) : 'not said'`;
  const { reason, for: who } = BREAK_GLASS;
  new ApiObject(scope, 'policy', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name, labels: MANAGED, annotations: FIRST_WAVE },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': BREAK_GLASS_NAMESPACE } },
        resourceRules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            resources: ['serviceaccounts/token'],
            operations: ['CREATE'],
            scope: 'Namespaced',
          },
        ],
      },
      validations: [
        {
          expression: `has(object.spec.expirationSeconds) && object.spec.expirationSeconds <= ${LONGEST * 60}`,
          message: `a token that breaks the glass works for ${LONGEST} minutes at the most`,
        },
        {
          expression: `${said(reason)} && ${text(reason)}.trim().size() > 0`,
          message: `say why no other way is left, in the annotation ${reason}`,
        },
        {
          expression: `${said(who)} && ${text(who)}.trim().size() > 0`,
          message: `say who will use it, in the annotation ${who}`,
        },
      ],
      auditAnnotations: [
        { key: 'reason', valueExpression: keep(reason) },
        { key: 'for', valueExpression: keep(who) },
      ],
    },
  });
  new ApiObject(scope, 'policy-binding', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name, labels: MANAGED, annotations: FIRST_WAVE },
    spec: { policyName: name, validationActions: ['Deny'] },
  });
}
