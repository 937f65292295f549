import type { SchemaProblem } from './problem';
import { parseQuantity } from '../model/quantity';

type Fields = Readonly<Record<string, unknown>>;
type Report = (path: string, message: string, value?: unknown, fix?: string) => void;

/** What the API server checks of built-in kinds across fields, by apiVersion and kind. Their shape is already right. */
const CHECKS: Readonly<Record<string, (object: Fields, report: Report) => void>> = {
  'v1 Pod': (object, report) => pod(at(object, 'spec'), 'spec', report),
  'apps/v1 Deployment': (object, report) => workload(object, report),
  'apps/v1 DaemonSet': (object, report) => workload(object, report),
  'apps/v1 ReplicaSet': (object, report) => workload(object, report),
  'apps/v1 StatefulSet': (object, report) => workload(object, report),
  'batch/v1 Job': (object, report) => job(at(object, 'spec'), 'spec', report),
  'batch/v1 CronJob': (object, report) =>
    job(at(at(at(object, 'spec'), 'jobTemplate'), 'spec'), 'spec.jobTemplate.spec', report),
  'v1 Service': service,
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': clusterBinding,
  'autoscaling/v2 HorizontalPodAutoscaler': autoscaler,
  'policy/v1 PodDisruptionBudget': budget,
  'apiregistration.k8s.io/v1 APIService': (object, report) => {
    const { version, group } = at(object, 'spec');
    named(object, `${String(version)}.${String(group)}`, report);
  },
  'apiextensions.k8s.io/v1 CustomResourceDefinition': (object, report) => {
    const spec = at(object, 'spec');
    named(object, `${String(at(spec, 'names').plural)}.${String(spec.group)}`, report);
  },
};

/** Checks a built-in object whose fields are each valid on their own: whether they fit together. */
export function checkConsistency(apiVersion: string, kind: string, object: Fields): SchemaProblem[] {
  const check = CHECKS[`${apiVersion} ${kind}`];
  if (!check) return [];
  const problems: SchemaProblem[] = [];
  check(object, (path, message, value, fix) => {
    problems.push({
      path,
      rule: 'consistency',
      message,
      ...(fix === undefined ? {} : { fix }),
      ...(value === undefined ? {} : { value }),
    });
  });
  return problems;
}

function workload(object: Fields, report: Report): void {
  const spec = at(object, 'spec');
  const template = at(spec, 'template');
  const podSpec = at(template, 'spec');
  const { restartPolicy } = podSpec;
  if (!isAbsent(restartPolicy) && restartPolicy !== 'Always') {
    report('spec.template.spec.restartPolicy', 'must be Always here', restartPolicy, 'remove it');
  }
  const labels = at(at(template, 'metadata'), 'labels');
  const selector = at(spec, 'selector');
  const wanted = Object.entries(at(selector, 'matchLabels'));
  if (wanted.length === 0 && list(selector.matchExpressions).length === 0) {
    report('spec.selector', 'selects everything, which is not allowed here', selector, 'set matchLabels');
  }
  for (const [key, value] of wanted) {
    if (own(labels, key) === value) continue;
    const label = `${key}: ${String(value)}`;
    report(
      'spec.template.metadata.labels',
      `lacks the label ${label} that spec.selector wants`,
      labels,
      `add ${label}`,
    );
  }
  const claims = list(spec.volumeClaimTemplates).map((claim) => at(claim, 'metadata').name);
  pod(podSpec, 'spec.template.spec', report, claims);
}

function job(spec: Fields, path: string, report: Report): void {
  const podSpec = at(at(spec, 'template'), 'spec');
  const { restartPolicy } = podSpec;
  if (restartPolicy !== 'Never' && restartPolicy !== 'OnFailure') {
    const message = 'must be OnFailure or Never in a Job';
    report(`${path}.template.spec.restartPolicy`, message, restartPolicy, 'write OnFailure or Never');
  }
  pod(podSpec, `${path}.template.spec`, report);
}

function pod(spec: Fields, path: string, report: Report, claims: readonly unknown[] = []): void {
  const volumes = new Set([...list(spec.volumes).map(({ name }) => name), ...claims]);
  const names = new Set<unknown>();
  for (const field of ['initContainers', 'containers'] as const) {
    for (const [index, container] of list(spec[field]).entries()) {
      const here = `${path}.${field}[${index}]`;
      if (names.has(container.name)) {
        report(`${here}.name`, 'is the name of an init container too', container.name, 'rename one');
      }
      if (field === 'initContainers') names.add(container.name);
      for (const [position, { name }] of list(container.volumeMounts).entries()) {
        if (volumes.has(name)) continue;
        const message = `${path}.volumes has no volume ${String(name)}`;
        report(
          `${here}.volumeMounts[${position}].name`,
          message,
          name,
          `add the volume or use one of ${words(volumes)}`,
        );
      }
      resources(at(container, 'resources'), `${here}.resources`, report);
    }
  }
}

function resources({ requests, limits }: Fields, path: string, report: Report): void {
  if (!isFields(requests) || !isFields(limits)) return;
  for (const [name, request] of Object.entries(requests)) {
    const limit = own(limits, name);
    const [wanted, most] = [amount(request), amount(limit)];
    if (wanted !== undefined && most !== undefined && wanted > most) {
      report(`${path}.requests.${name}`, `is more than the limit of ${String(limit)}`, request, 'raise the limit');
    }
  }
}

/** A quantity in billionths; undefined where the field holds none, which its schema tells. */
function amount(quantity: unknown): bigint | undefined {
  return typeof quantity === 'string' || typeof quantity === 'number' ? parseQuantity(quantity)?.value : undefined;
}

function service(object: Fields, report: Report): void {
  const { type, clusterIP, ports, externalName } = at(object, 'spec');
  if (type === 'ExternalName') {
    if (!externalName) report('spec.externalName', 'is missing', undefined, 'set spec.externalName');
    return;
  }
  if (list(ports).length === 0 && clusterIP !== 'None') {
    report('spec.ports', 'is missing', undefined, 'set spec.ports, or clusterIP: None');
  }
  for (const [index, { name, nodePort }] of list(ports).entries()) {
    if (list(ports).length > 1 && !name) {
      report(`spec.ports[${index}].name`, 'is missing, although there are several ports', undefined, 'name the port');
    }
    if ((isAbsent(type) || type === 'ClusterIP') && nodePort) {
      report(`spec.ports[${index}].nodePort`, 'is not allowed for type ClusterIP', nodePort, 'remove it');
    }
  }
}

function clusterBinding(object: Fields, report: Report): void {
  for (const [index, { kind, namespace }] of list(object.subjects).entries()) {
    if (kind === 'ServiceAccount' && !namespace) {
      const path = `subjects[${index}].namespace`;
      report(path, 'is missing: a ServiceAccount is in a namespace', undefined, `set ${path}`);
    }
  }
}

function autoscaler(object: Fields, report: Report): void {
  const { minReplicas, maxReplicas } = at(object, 'spec');
  if (typeof minReplicas === 'number' && typeof maxReplicas === 'number' && minReplicas > maxReplicas) {
    report('spec.maxReplicas', `is less than minReplicas, which is ${minReplicas}`, maxReplicas, 'raise it');
  }
}

function budget(object: Fields, report: Report): void {
  const { minAvailable, maxUnavailable } = at(object, 'spec');
  if (!isAbsent(minAvailable) && !isAbsent(maxUnavailable)) {
    report('spec.maxUnavailable', 'stands beside minAvailable', maxUnavailable, 'keep one of the two');
  }
}

function named(object: Fields, expected: string, report: Report): void {
  const { name } = at(object, 'metadata');
  if (name !== expected) report('metadata.name', `must be ${expected}`, name, `write ${expected}`);
}

function at(object: Fields, field: string): Fields {
  const value = own(object, field);
  return isFields(value) ? value : {};
}

function own(object: Fields, field: string): unknown {
  return Object.hasOwn(object, field) ? object[field] : undefined;
}

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function words(names: ReadonlySet<unknown>): string {
  return [...names].map(String).join(', ') || 'none';
}
