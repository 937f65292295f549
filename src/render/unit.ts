import { types } from 'node:util';
import { ApiObject, App, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { addGuardrail, applies } from '../../charts/guardrail';
import { addOnPath, appPath, guardrailPath, intentPath, readmePath, rootPath, tenantPath } from '../model/layout';
import { stamp } from '../gitops/stamp';
import { blobId } from '../gitops/tree';
import type { Component } from '../model/component';
import type { Finding } from '../model/finding';
import type { ClusterSlice, ComponentSlice, ResolvedCluster, TenantSlice, Unit } from '../model/slices';
import { checkObject } from '../schemas';
import { intentOf } from './intent';
import { addOnFacets, baseline, clusterFacets, guardrails, tenantFacets } from './product';
import { toYaml } from './yaml';

// cdk8s sorts all keys by default; objects keep the order in which they were written, which people chose for a reason.
process.env['CDK8S_DISABLE_SORT'] = '1';

/** One file of the tree. */
export interface RenderedFile {
  readonly path: string;
  readonly bytes: Buffer;
  /** Git's name for those bytes. */
  readonly blob: string;
  readonly objects: number;
}

export interface RenderedUnit {
  readonly files: readonly RenderedFile[];
  /** What is wrong with its objects; a unit with findings is never cached. */
  readonly findings: readonly Finding[];
}

/**
 * Renders one unit: a pure function of its slice and its cluster's facts, with a cdk8s App of its own. Every object
 * is checked against its schema as it leaves.
 *
 * @param own the team's own add-on, where the unit is one
 */
export function renderUnit(unit: Unit, cluster: ResolvedCluster, own?: Component): RenderedUnit {
  const files = new Files(unit);
  const { slice } = unit;
  try {
    if (slice.kind === 'component') renderComponent(files, slice, cluster, own ?? baseline().get(slice.name));
    else if (slice.kind === 'tenant') renderTenant(files, slice, cluster);
    else renderCluster(files, slice, cluster);
  } catch (error) {
    files.findings.push({
      rule: 'render/throws',
      severity: 'error',
      file: unit.file,
      message: `rendering ${unit.id} throws: ${types.isNativeError(error) ? error.message : String(error)}`,
      construct: unit.id,
      unit: unit.name,
    });
  }
  return files.finish();
}

function renderComponent(
  files: Files,
  slice: ComponentSlice,
  cluster: ResolvedCluster,
  component: Component | undefined,
): void {
  for (const [name, facet] of addOnFacets()) {
    const path = facet.into === 'apps' ? appPath(cluster.name, slice.name) : addOnPath(cluster.name, slice.name, name);
    files.add(path, name, (scope) => facet.render(scope, slice, cluster));
  }
  if (!component?.resources) return;
  const context = { cluster, name: slice.name, namespace: slice.namespace, declaration: slice.declaration };
  files.add(addOnPath(cluster.name, slice.name, 'resources'), 'resources', (scope) =>
    component.resources?.(scope, context),
  );
}

function renderTenant(files: Files, slice: TenantSlice, cluster: ResolvedCluster): void {
  const several = slice.environments.length > 1;
  for (const [name, facet] of tenantFacets()) {
    if (facet.each === 'tenant') {
      files.add(tenantPath(cluster.name, slice.name, name), name, (scope) => facet.render(scope, slice, cluster));
      continue;
    }
    for (const environment of slice.environments) {
      const path = tenantPath(cluster.name, slice.name, name, several ? environment.name : undefined);
      files.add(path, `${environment.name}-${name}`, (scope) => facet.render(scope, slice, environment, cluster));
    }
  }
}

function renderCluster(files: Files, slice: ClusterSlice, cluster: ResolvedCluster): void {
  for (const [name, facet] of clusterFacets()) {
    const path = facet.into === 'root' ? rootPath(cluster.name) : appPath(cluster.name, name);
    files.add(path, name, (scope) => facet.render(scope, slice, cluster));
  }
  for (const [name, guardrail] of guardrails()) {
    if (!applies(guardrail, cluster)) continue;
    files.add(guardrailPath(cluster.name, name), `guardrail-${name}`, (scope) =>
      addGuardrail(scope, guardrail, cluster),
    );
  }
  files.write(intentPath(cluster.name), toYaml([intentOf(slice, cluster)]), 0);
}

/** The generated page at the top of the repository. */
export function renderReadme(text: string): RenderedFile {
  const bytes = Buffer.from(stamp(readmePath, text));
  return { path: readmePath, bytes, blob: blobId(bytes), objects: 0 };
}

/** Collects a unit's files: each facet is a cdk8s Chart, its objects one file. */
class Files {
  readonly findings: Finding[] = [];
  private readonly app = new App();
  private readonly files: RenderedFile[] = [];
  private readonly seen = new Map<string, string>();

  constructor(private readonly unit: Unit) {}

  add(path: string, id: string, render: (scope: Construct) => void): void {
    const chart = new Chart(this.app, id, { disableResourceNameHashes: true });
    render(chart);
    // Taken one by one: Chart.toJson() resolves the whole App anew for each chart.
    const objects = chart.node.findAll().filter((node) => ApiObject.isApiObject(node));
    if (objects.length === 0) return;
    const documents = objects.map((object) => {
      const document = object.toJson() as KubernetesObject;
      this.check(document, path, `${this.unit.id}/${id}/${object.node.id}`);
      return document;
    });
    this.write(path, toYaml(documents), documents.length);
  }

  write(path: string, body: string, objects: number): void {
    const bytes = Buffer.from(stamp(path, body));
    this.files.push({ path, bytes, blob: blobId(bytes), objects });
  }

  finish(): RenderedUnit {
    return { files: this.files, findings: this.findings };
  }

  private check(document: KubernetesObject, file: string, construct: string): void {
    const { name, namespace } = document.metadata ?? {};
    const object = `${document.kind} ${namespace ? `${namespace}/` : ''}${name ?? ''}`;
    const where = { severity: 'error', file, object, construct, unit: this.unit.name } as const;
    const key = `${document.apiVersion} ${object}`;
    const first = this.seen.get(key);
    if (first) {
      this.findings.push({
        rule: 'render/duplicate-object',
        ...where,
        message: `${construct} and ${first} both write it`,
        fix: 'give one of them another name',
      });
    }
    this.seen.set(key, construct);
    this.findings.push(
      ...this.undeclared(document).map((kind) => ({
        rule: 'component/missing-kind',
        ...where,
        field: 'needs',
        value: kind,
        message: `${this.unit.name} writes a ${kind} without needing it`,
        fix: `add '${kind}' to 'needs' in ${this.unit.file}`,
      })),
    );
    for (const problem of checkObject(document)) {
      this.findings.push({
        rule: `schema/${problem.rule}`,
        ...where,
        field: problem.path,
        value: problem.value,
        message: problem.message,
        ...(problem.fix ? { fix: problem.fix } : {}),
      });
    }
  }

  /** Kinds of others that an add-on's own objects are of, though it never said that it needs them. */
  private undeclared({ apiVersion, kind }: KubernetesObject): readonly string[] {
    const { slice } = this.unit;
    if (slice.kind !== 'component') return [];
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
    const own: readonly string[] = [
      ...(slice.declaration.crds?.kinds ?? []),
      ...(slice.declaration.needs ?? []),
      ...DERIVED,
    ];
    const name = `${group}/${kind}`;
    return isBuiltIn(group) || own.includes(name) ? [] : [name];
  }
}

/** Kinds that Keelson itself derives from a declaration. */
const DERIVED = ['argoproj.io/Application', 'cilium.io/CiliumNetworkPolicy', 'monitoring.coreos.com/PodMonitor'];

/** Kubernetes' own groups have no dot or end in .k8s.io; custom resources under that name are listed. */
function isBuiltIn(group: string): boolean {
  if (!group.includes('.')) return true;
  return (
    group.endsWith('.k8s.io') &&
    !['gateway.networking.k8s.io', 'snapshot.storage.k8s.io', 'groupsnapshot.storage.k8s.io'].includes(group)
  );
}

interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
}
