import { Environment } from '@marcbachmann/cel-js';
import type { Example, ExampleObject, Request } from '../../policies/guardrail';
import { compileRe2 } from '../../src/schemas/re2';
import { toCel } from '../../src/schemas/cel-value';
import type { KubernetesObject } from './platforms';

/** One request that an example stands for. */
export interface Attempt {
  readonly title: string;
  readonly request: Request;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  /** The object, as it is to be or, where it is deleted, as it was. */
  readonly object: ExampleObject;
  readonly old?: ExampleObject;
  readonly subresource?: string;
}

/** Name of whoever sends an example that names nobody: a developer of the tenant's. */
export const DEVELOPER = 'dev@example.com';

/** Labels of a namespace that an example is sent to. */
export function namespaceLabels({ labels }: Request): Record<string, string> {
  return { tenant: 'example', ...labels };
}

type PodExample = Extract<Example, { readonly pod: unknown }>['pod'];

const SELECTOR = { example: 'guardrail' };

/** A Pod's template in every kind that holds one. */
const WORKLOADS: Readonly<Record<string, (template: ReturnType<typeof templateOf>) => ExampleObject>> = {
  Pod: ({ metadata, spec }) => ({ ...named('v1', 'Pod'), metadata: { ...metadata, name: 'example' }, spec }),
  DaemonSet: (template) => ({ ...named('apps/v1', 'DaemonSet'), spec: { selector: selector(), template } }),
  Deployment: (template) => ({ ...named('apps/v1', 'Deployment'), spec: { selector: selector(), template } }),
  ReplicaSet: (template) => ({ ...named('apps/v1', 'ReplicaSet'), spec: { selector: selector(), template } }),
  StatefulSet: (template) => ({
    ...named('apps/v1', 'StatefulSet'),
    spec: { serviceName: 'example', selector: selector(), template },
  }),
  Job: (template) => ({ ...named('batch/v1', 'Job'), spec: { template: once(template) } }),
  CronJob: (template) => ({
    ...named('batch/v1', 'CronJob'),
    spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: once(template) } } },
  }),
  ReplicationController: (template) => ({
    ...named('v1', 'ReplicationController'),
    spec: { selector: { ...SELECTOR }, template },
  }),
  ScaledJob: (template) => ({
    ...named('keda.sh/v1alpha1', 'ScaledJob'),
    spec: {
      jobTargetRef: { template: once(template) },
      triggers: [{ type: 'kubernetes-workload', metadata: { podSelector: 'app.kubernetes.io/name=shop', value: '1' } }],
    },
  }),
};

function named(apiVersion: string, kind: string) {
  return { apiVersion, kind, metadata: { name: 'example' } };
}

function selector() {
  return { matchLabels: { ...SELECTOR } };
}

function templateOf({ labels, annotations, spec }: PodExample) {
  return {
    metadata: { labels: { ...SELECTOR, ...labels }, ...(annotations === undefined ? {} : { annotations }) },
    spec,
  };
}

/** A Job's Pods must end. */
function once(template: ReturnType<typeof templateOf>) {
  return { ...template, spec: { restartPolicy: 'Never', ...template.spec } };
}

/** Every request that an example stands for: a Pod's template is tried in every kind that holds one. */
export function attemptsOf(example: Example): readonly Attempt[] {
  if ('object' in example) {
    const { object, old, subresource } = example;
    return [
      {
        title: example.what,
        request: example,
        operation: old === undefined ? 'CREATE' : 'UPDATE',
        object,
        ...(old === undefined ? {} : { old }),
        ...(subresource === undefined ? {} : { subresource }),
      },
    ];
  }
  if ('deleted' in example) {
    return [{ title: example.what, request: example, operation: 'DELETE', object: example.deleted }];
  }
  const { kinds = Object.keys(WORKLOADS) } = example;
  return kinds.map((kind) => {
    const make = WORKLOADS[kind];
    if (!make) throw new Error(`no workload of kind ${kind}`);
    const object = make(templateOf(example.pod));
    return { title: `${example.what} (${kind})`, request: example, operation: 'CREATE', object };
  });
}

/** CEL as ValidatingAdmissionPolicies have it, as far as guardrails use it. */
const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  .registerVariable('object', 'dyn')
  .registerVariable('oldObject', 'dyn')
  .registerVariable('request', 'dyn')
  .registerVariable('namespaceObject', 'dyn')
  .registerVariable('params', 'dyn')
  .registerVariable('variables', 'dyn')
  .registerFunction('string.matchesRe2(string): bool', (text: string, pattern: string) => {
    const compiled = compileRe2(pattern);
    if (!compiled) throw new Error(`JavaScript has no such pattern as ${pattern}`);
    return compiled.test(text);
  });

/** An expression, ready to be evaluated. Throws where it is none. */
export function compile(expression: string): (context: object) => unknown {
  const parsed = environment.parse(expression.replaceAll('.matches(', '.matchesRe2('));
  const { valid, error } = parsed.check();
  if (!valid) throw error ?? new Error(`not valid: ${expression}`);
  return (context) => parsed(context as never);
}

interface PolicySpec {
  readonly matchConditions?: readonly { readonly expression: string }[];
  readonly variables?: readonly { readonly name: string; readonly expression: string }[];
  readonly validations: readonly {
    readonly expression: string;
    readonly message: string;
    readonly messageExpression?: string;
  }[];
}

/** What a rendered ValidatingAdmissionPolicy says to a request: the messages of what it refuses, none where it passes. */
export function judge(policy: KubernetesObject, attempt: Attempt): readonly string[] {
  const spec = policy.spec as PolicySpec;
  const { request, operation, object, old, subresource } = attempt;
  const types = { duration: (text: string) => text };
  const cel = (value: unknown) => toCel(undefined, value, types);
  const variables = {};
  const context = {
    object: cel(operation === 'DELETE' ? null : object),
    oldObject: cel(operation === 'DELETE' ? object : (old ?? null)),
    request: cel({
      operation,
      subResource: subresource ?? '',
      kind: { kind: object.kind },
      userInfo: {
        username: request.user ?? DEVELOPER,
        groups: ['system:authenticated', ...(request.group === undefined ? [] : [request.group])],
      },
    }),
    namespaceObject: cel({
      metadata: {
        name: 'example',
        labels: namespaceLabels(request),
        ...(request.annotations === undefined ? {} : { annotations: request.annotations }),
      },
    }),
    params: cel(request.params ? { data: request.params } : null),
    variables,
  };
  for (const { name, expression } of spec.variables ?? []) {
    // Only those that are asked for are worked out, as in the API server.
    Object.defineProperty(variables, name, { enumerable: true, get: () => compile(expression)(context) });
  }
  if (!(spec.matchConditions ?? []).every(({ expression }) => compile(expression)(context) === true)) return [];
  return spec.validations.flatMap(({ expression, message, messageExpression }) => {
    let passes: unknown;
    try {
      passes = compile(expression)(context);
    } catch (error) {
      return [`${message} (${(error as Error).message})`];
    }
    if (passes === true) return [];
    return [messageExpression === undefined ? message : String(compile(messageExpression)(context))];
  });
}

/** Whether the binding's namespaceSelector takes the namespace in. */
export function inScope(binding: KubernetesObject, request: Request): boolean {
  const labels = namespaceLabels(request);
  const { matchExpressions } = (
    binding.spec as {
      readonly matchResources: { readonly namespaceSelector: { readonly matchExpressions: readonly Requirement[] } };
    }
  ).matchResources.namespaceSelector;
  return matchExpressions.every(({ key, operator, values = [] }) => {
    const value = labels[key];
    switch (operator) {
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      case 'In':
        return value !== undefined && values.includes(value);
      default:
        return value === undefined || !values.includes(value);
    }
  });
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}
