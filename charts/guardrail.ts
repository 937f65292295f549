import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Cel, Guardrail, LabelRequirement, RequestMatch, Stage } from '../policies/guardrail';
import { fillsIn } from '../policies/shared/cel';
import { isAdministrator, platformDelivery } from '../policies/shared/users';
import { NEW_PODS } from '../policies/shared/workloads';
import type { ResolvedCluster } from '../src/model/slices';
import { TENANT_NAMESPACE } from '../src/model/tenant-namespace';
import { MANAGED } from './labels';

const GROUP_VERSION = 'admissionregistration.k8s.io/v1';

/** What the API server is asked to do at each stage; `deny` writes the audit log by itself. */
const ACTIONS: Readonly<Record<Stage, readonly string[]>> = {
  audit: ['Audit'],
  warn: ['Warn', 'Audit'],
  deny: ['Deny'],
};

/** ConfigMap of a tenant's namespace that guardrails with `params` read. */
const PARAMS = 'keelson';

/**
 * Lets pass an update that changes nothing that a guardrail judges: whoever takes a finalizer off must be able to,
 * even where a guardrail came later than the object.
 */
const CHANGED = {
  name: 'something-changed',
  expression: [
    "request.operation != 'UPDATE'",
    '!has(object.spec) || !has(oldObject.spec) || object.spec != oldObject.spec',
    ...['labels', 'annotations'].map(
      (field) =>
        `has(object.metadata.${field}) != has(oldObject.metadata.${field}) || ` +
        `(has(object.metadata.${field}) && object.metadata.${field} != oldObject.metadata.${field})`,
    ),
  ].join(' || '),
};

/**
 * CEL: whether it is an object of the tree. An administrator who applies the tree where Argo CD cannot yet, or no more,
 * must be able to; what he makes by himself is judged as anybody's.
 */
const OF_THE_TREE =
  'object != null && has(object.metadata.labels) && ' +
  Object.entries(MANAGED)
    .map(([key, value]) => `'${key}' in object.metadata.labels && object.metadata.labels['${key}'] == '${value}'`)
    .join(' && ');

/** Whether a guardrail has a meaning on a cluster. */
export function applies({ needs = [] }: Guardrail, { addOns }: ResolvedCluster): boolean {
  return needs.every((addOn) => addOns.includes(addOn));
}

/** The guardrail as the API server enforces it, by itself and without a webhook: closed where it cannot judge. */
export function addGuardrail(scope: Construct, guardrail: Guardrail, cluster: ResolvedCluster): void {
  const write = (cel: Cel) => (typeof cel === 'string' ? cel : cel(cluster));
  const name = `keelson-${guardrail.name}`;
  const add = (kind: string, objectName: string, spec: object) =>
    new ApiObject(scope, `${kind}-${objectName}`, {
      apiVersion: GROUP_VERSION,
      kind,
      metadata: {
        name: objectName,
        labels: MANAGED,
        annotations: {
          'keelson.dev/summary': guardrail.summary,
          'keelson.dev/why': guardrail.why,
          'keelson.dev/source': guardrail.source,
        },
      },
      spec,
    });
  const { excludes = [platformDelivery], variables = [], validations, mutation, params = false } = guardrail;
  const onlyChanges = !guardrail.everyUpdate && guardrail.match.some(updates);
  const users = excludes.map((user) => user(cluster));
  const conditions = [
    ...(users.length === 0
      ? []
      : [
          { name: 'not-the-platform', expression: `!(request.userInfo.username in ${JSON.stringify(users)})` },
          { name: 'not-the-tree-by-hand', expression: `!(${isAdministrator(cluster)} && ${OF_THE_TREE})` },
        ]),
  ];
  const written = variables.map((variable) => ({ name: variable.name, expression: write(variable.expression) }));
  const paramKind = params ? { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } } : {};
  const paramRef = params ? { paramRef: { name: PARAMS, parameterNotFoundAction: 'Deny' } } : {};
  const scopedTo = (more: readonly LabelRequirement[]) => ({
    namespaceSelector: {
      matchExpressions: [
        { key: TENANT_NAMESPACE.tenant, operator: 'Exists' },
        ...[...(guardrail.namespaces ?? []), ...more].map((one) => ({ ...one })),
      ],
    },
  });

  if (mutation && fillsIn(cluster)) {
    add('MutatingAdmissionPolicy', name, {
      ...paramKind,
      matchConstraints: { resourceRules: rules(mutation.match ?? NEW_PODS) },
      matchConditions: [
        ...conditions,
        ...mutation.when.map((one) => ({ name: one.name, expression: write(one.expression) })),
      ],
      ...(written.length > 0 ? { variables: written } : {}),
      mutations: mutation.patches.map(({ patchType, expression }) => ({
        patchType,
        [patchType === 'JSONPatch' ? 'jsonPatch' : 'applyConfiguration']: { expression: write(expression) },
      })),
      failurePolicy: 'Fail',
      reinvocationPolicy: 'IfNeeded',
    });
    add('MutatingAdmissionPolicyBinding', name, { policyName: name, ...paramRef, matchResources: scopedTo([]) });
  }
  add('ValidatingAdmissionPolicy', name, {
    ...paramKind,
    matchConstraints: { resourceRules: rules(guardrail.match) },
    matchConditions: [...conditions, ...(onlyChanges ? [CHANGED] : [])],
    ...(written.length > 0 ? { variables: written } : {}),
    validations: validations.map(({ expression, message, messageExpression }) => ({
      expression: write(expression),
      message,
      ...(messageExpression === undefined ? {} : { messageExpression: write(messageExpression) }),
    })),
    failurePolicy: 'Fail',
  });
  for (const { suffix, stage, requirements } of stagesOf(guardrail)) {
    add('ValidatingAdmissionPolicyBinding', `${name}${suffix}`, {
      policyName: name,
      ...paramRef,
      matchResources: scopedTo(requirements),
      validationActions: ACTIONS[stage],
    });
  }
}

/** One binding where production and the rest are at the same stage, else one for each. */
function stagesOf({ stage = { production: 'deny', other: 'deny' } }: Guardrail): readonly {
  readonly suffix: string;
  readonly stage: Stage;
  readonly requirements: readonly LabelRequirement[];
}[] {
  if (stage.production === stage.other) return [{ suffix: '', stage: stage.production, requirements: [] }];
  const production = { key: TENANT_NAMESPACE.production, values: ['true'] };
  return [
    { suffix: '-production', stage: stage.production, requirements: [{ ...production, operator: 'In' }] },
    { suffix: '-other', stage: stage.other, requirements: [{ ...production, operator: 'NotIn' }] },
  ];
}

function rules(match: readonly RequestMatch[]): object[] {
  return match.map((one) => ({ ...one, scope: 'Namespaced' }));
}

function updates({ operations }: RequestMatch): boolean {
  return operations.includes('UPDATE');
}
