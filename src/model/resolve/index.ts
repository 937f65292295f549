import type { GroupKind } from '../component';
import type { Cluster } from '../cluster';
import type { Declarations, TenantDeclaration } from '../declare';
import { compareFindings, compareText, type Finding } from '../finding';
import type { ClusterSlice, ComponentSlice, PodGroup, ResolvedCluster, Unit } from '../slices';
import { DELIVERY_NAMESPACE } from '../names';
import claimSchema from '../schema/claim.schema.json';
import platformSchema from '../schema/platform.schema.json';
import { withOutputs } from '../outputs';
import { validateShape } from '../validate';
import { resolveClusters } from './clusters';
import { type ActiveComponent, activate, indexComponents } from './components';
import { checkDatabaseProviders } from './database-providers';
import { Findings } from './findings';
import { plainCopy } from './plain-copy';
import { resolveFlows } from './flows';
import { kindsBrought, resolveOrder } from './order';
import { checkRoles, resolveOutputs } from './outputs';
import { checkReferences } from './references';
import { resolveTenants } from './tenants';
import { checkCeilings } from './tenants/ceilings';
import { sourceHosts, sourcesOf } from './sources';

/** What resolving makes of the declarations. */
export interface Resolved {
  /** Everything that is wrong, in the order of files. */
  readonly findings: readonly Finding[];
  /** Clusters by name. Empty where the platform's own description is broken. */
  readonly clusters: ReadonlyMap<string, ResolvedCluster>;
  /** Units to render: each cluster's own files, its add-ons, its tenants. Those with faults are left out. */
  readonly units: readonly Unit[];
}

/** The schema of a tenant's own fields, as both forms of claim have them. */
const TENANT_SCHEMA = {
  ...claimSchema,
  $id: 'https://keelson.dev/schemas/tenant.json',
  ...claimSchema.definitions.TenantProps,
};

/**
 * Checks the declarations against each other and gives every unit what its rendering may know. Pure: the same
 * declarations give the same units. The only code that sees all tenants and all add-ons at once.
 *
 * @param only the one tenant to judge and place beside all others' claims @default - every one
 */
export function resolve(declarations: Declarations, only?: string): Resolved {
  const findings = new Findings();
  const { platform } = declarations;
  findings.all.push(...validateShape(platformSchema, platform.props, { file: platform.file }));
  const broken = findings.all.length > 0;
  // By name, so that which file a tenant stands in decides nothing.
  const tenants = [...declarations.tenants]
    .sort((a, b) => compareText(a.name, b.name))
    .filter((tenant) => hasGoodShape(tenant, findings))
    .map((tenant) => ({ ...tenant, props: plainCopy(tenant.props) }));
  const index = indexComponents(declarations.components, findings);
  const known = [...index.keys()];
  checkReferences(declarations, known, findings);
  if (broken) return { findings: findings.all.sort(compareFindings), clusters: new Map(), units: [] };
  const props = plainCopy(platform.props);

  const clusters = new Map<string, ResolvedCluster>();
  const units: Unit[] = [];
  const described = resolveClusters(props, platform.file, findings);
  checkDatabaseProviders(props, platform.file, findings);
  const outputs = resolveOutputs(declarations.outputs ?? [], described, findings);
  for (const one of described.values()) {
    const given = outputs.get(one.name);
    const cluster = given ? withOutputs(one, given.outputs) : one;
    const active = activate(index, cluster, props, findings);
    checkRoles(active.values(), cluster, findings);
    const resolved = withRoles(cluster, active);
    clusters.set(cluster.name, resolved);
    const monitored = resolved.metrics !== undefined;
    const hosts = sourceHosts(active.values(), cluster);
    const flows = resolveFlows(active, known, resolved, hosts, findings);
    const waves = resolveOrder(active, kindsOff(index, active, cluster), cluster.name, monitored, findings);
    checkWebhooks(active, findings);

    const components: ClusterSlice['components'][number][] = [];
    for (const one of active.values()) {
      const slice: ComponentSlice = {
        kind: 'component',
        name: one.name,
        namespace: one.namespace,
        ownsNamespace: 'name' in one.declaration.namespace,
        declaration: one.declaration,
        wave: waves.get(one.name) ?? 0,
        flows: flows.get(one.name) ?? [],
        monitored,
        hasResources: one.component.resources !== undefined,
      };
      components.push({
        name: one.name,
        namespace: one.namespace,
        wave: slice.wave,
        ...(one.component.role === undefined ? {} : { role: one.component.role }),
        flows: slice.flows,
      });
      units.push({
        id: `${cluster.name}/add-on/${one.name}`,
        cluster: cluster.name,
        name: one.name,
        slice,
        file: one.file,
        own: one.own,
      });
    }
    units.push({
      id: `${cluster.name}/cluster`,
      cluster: cluster.name,
      name: cluster.name,
      slice: { kind: 'cluster', sources: sourcesOf(active.values(), cluster), components },
      file: platform.file,
      own: false,
    });
  }

  const read = new Set(tenants.map(({ name }) => name));
  const unread = [...declarations.tenants.map(({ name }) => name), ...(declarations.unread ?? [])].filter(
    (name) => !read.has(name),
  );
  const placed = resolveTenants(tenants, props, clusters, findings, new Set(unread), only);
  checkCeilings(placed, clusters, platform.file, findings);
  for (const { cluster, slice, file } of placed) {
    units.push({ id: `${cluster}/tenant/${slice.name}`, cluster, name: slice.name, slice, file, own: false });
  }
  return {
    findings: findings.all.sort(compareFindings),
    clusters,
    units: units.sort((a, b) => compareText(a.id, b.id)),
  };
}

/** What is wrong with the platform's own description, whatever its tenants and add-ons are. */
export function checkPlatform({ file, props }: Declarations['platform']): readonly Finding[] {
  const findings = new Findings();
  findings.all.push(...validateShape(platformSchema, props, { file }));
  if (findings.all.length === 0) resolveClusters(plainCopy(props), file, findings);
  return findings.all.sort(compareFindings);
}

function hasGoodShape(tenant: TenantDeclaration, findings: Findings): boolean {
  if (tenant.checked) return true;
  const faults = validateShape(TENANT_SCHEMA, tenant.props, {
    file: tenant.file,
    ...(tenant.prefix === undefined ? {} : { prefix: tenant.prefix }),
    ...(tenant.lineOf === undefined ? {} : { lineOf: tenant.lineOf }),
  });
  const name = validateShape(claimSchema.properties.metadata.properties.name, tenant.name, {
    file: tenant.file,
    prefix: 'name',
  });
  const all = [...name, ...faults].map((fault) => ({ ...fault, unit: tenant.name }));
  findings.all.push(...all);
  return all.length === 0;
}

/** Adds to a cluster's facts where the components run that all others lean on. */
function withRoles(cluster: Cluster, active: ReadonlyMap<string, ActiveComponent>): ResolvedCluster {
  const withRole = (role: string) => [...active.values()].find(({ component }) => component.role === role);
  const pods = (one: ActiveComponent | undefined): PodGroup | undefined => {
    const workload = Object.values(one?.declaration.workloads ?? {})[0];
    return one && workload && { namespace: one.namespace, labels: workload.labels };
  };
  const metrics = withRole('metrics');
  const scraper = Object.values(metrics?.declaration.workloads ?? {}).find((workload) =>
    workload.reaches?.some((reach) => reach.to === 'scraped'),
  );
  return {
    ...cluster,
    // Where nothing of ours resolves names, Kubernetes' own conventions say where something does.
    dns: { ...(pods(withRole('dns')) ?? { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }), port: 53 },
    gitopsNamespace: withRole('gitops')?.namespace ?? 'argocd',
    ...(metrics && scraper ? { metrics: { namespace: metrics.namespace, labels: scraper.labels } } : {}),
    addOns: [...active.keys()].sort(compareText),
    servesTenants: servedToTenants(active),
    platformNamespaces: [
      ...new Set([DELIVERY_NAMESPACE, ...[...active.values()].map(({ namespace }) => namespace)]),
    ].sort(compareText),
  };
}

/** What add-ons serve to Pods of tenants. */
function servedToTenants(active: ReadonlyMap<string, ActiveComponent>): ResolvedCluster['servesTenants'] {
  return [...active.values()]
    .sort((a, b) => compareText(a.name, b.name))
    .flatMap((one) =>
      Object.values(one.declaration.workloads).flatMap(({ labels, serves = {}, hostNetwork }) =>
        Object.values(serves)
          .filter(({ to }) => !hostNetwork && to.includes('tenants'))
          .map(({ port, protocol = 'TCP' }) => ({
            addOn: one.name,
            namespace: one.namespace,
            labels,
            port,
            protocol,
          })),
      ),
    );
}

/** Kinds that a switched-off add-on would bring, and its name. */
function kindsOff(
  index: ReadonlyMap<string, Declarations['components'][number]>,
  active: ReadonlyMap<string, ActiveComponent>,
  cluster: Cluster,
): ReadonlyMap<GroupKind, string> {
  const kinds = new Map<GroupKind, string>();
  for (const [name, { component, own }] of index) {
    if (active.has(name) || own) continue;
    for (const kind of kindsBrought(component.declare(cluster))) kinds.set(kind, name);
  }
  return kinds;
}

/** A webhook must name a port that is served to the API server. */
function checkWebhooks(active: ReadonlyMap<string, ActiveComponent>, findings: Findings): void {
  for (const one of active.values()) {
    for (const webhook of one.declaration.webhooks ?? []) {
      const served = one.declaration.workloads[webhook.workload]?.serves?.[webhook.port];
      if (served?.to.includes('api-server')) continue;
      findings.error(one.file, {
        rule: 'component/webhook',
        field: 'webhooks',
        value: webhook.name,
        message: `the API server calls ${webhook.name} on ${one.name}/${webhook.workload}.${webhook.port}, which ${served ? 'is not served to it' : 'nothing serves'}`,
        fix: `let workload '${webhook.workload}' serve port '${webhook.port}' to 'api-server'`,
        unit: one.name,
      });
    }
  }
}
