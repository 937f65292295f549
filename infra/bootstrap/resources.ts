import * as pulumi from '@pulumi/pulumi';
import { ADOPTER } from './apply';
import type { DefinitionOptions } from './definitions';
import { readDefinitions } from './definitions';
import type { KubeObject } from './object';
import type { BootstrapPlan, BootstrapStep } from './plan';

/** Which part of the plan: up to the network, before machines join, or all that needs machines. */
export type BootstrapPart = 'before-machines' | 'with-machines';

/** How the steps become resources of Pulumi's Kubernetes provider. */
export interface BootstrapResourcesProps {
  /** The provider, with server-side apply on. */
  readonly provider: pulumi.ProviderResource;
  /** The provider for the step that lets administrators in, before there are any. @default - `provider` */
  readonly access?: pulumi.ProviderResource;
  /** Definitions by step, from `planDefinitions`. */
  readonly definitions: ReadonlyMap<string, readonly KubeObject[]>;
  readonly part: BootstrapPart;
  /** What the first step waits for. */
  readonly after: readonly pulumi.Resource[];
  /** A host that the plan could only expect, and what it is: EKS chooses where its API is. @default - as expected */
  readonly host?: { readonly expected: string; readonly is: pulumi.Input<string> };
}

/** The definitions of every step that has some: read before resources are declared, since they come from elsewhere. */
export async function planDefinitions(
  plan: BootstrapPlan,
  options: DefinitionOptions = {},
): Promise<ReadonlyMap<string, readonly KubeObject[]>> {
  const found = new Map<string, readonly KubeObject[]>();
  for (const { name, content } of plan.steps)
    if (content.kind === 'definitions') found.set(name, await readDefinitions(content.source, content.kinds, options));
  return found;
}

/**
 * Declares a part of the bootstrap. What Argo CD adopts is made once: later differences are Argo CD's, and Pulumi
 * neither changes nor deletes it. Gives the resources of the last step.
 */
export function declareBootstrap(plan: BootstrapPlan, props: BootstrapResourcesProps): readonly pulumi.Resource[] {
  let last = props.after;
  for (const step of stepsOf(plan, props.part)) last = declareStep(step, props, last);
  return last;
}

function stepsOf({ steps, machinesAfter }: BootstrapPlan, part: BootstrapPart): readonly BootstrapStep[] {
  const end = steps.findIndex(({ name }) => name === machinesAfter) + 1;
  return part === 'before-machines' ? steps.slice(0, end) : steps.slice(end);
}

function declareStep(
  step: BootstrapStep,
  props: BootstrapResourcesProps,
  after: readonly pulumi.Resource[],
): readonly pulumi.Resource[] {
  const { content, name } = step;
  const options: pulumi.ResourceOptions = { dependsOn: [...after], ...(step.adoptedBy ? MADE_ONCE : {}) };
  if (content.kind === 'chart') return [declareChart(step, props, options)];
  const objects = content.kind === 'objects' ? content.objects : props.definitions.get(name);
  if (!objects) throw new Error(`${name}: its definitions were not read: pass what planDefinitions() gives`);
  return objects.map(
    (object) =>
      new KubernetesObject(`${name}/${labelOf(object)}`, handedOver(object, step), {
        ...options,
        provider: name === 'access' ? (props.access ?? props.provider) : props.provider,
      }),
  );
}

/** Pulumi gives a workload ten minutes, and machines that join at the same time may take as long. */
const MACHINES_TIMEOUT = '30m';

/** Every field is somebody else's from then on, and the object outlives the stack's knowledge of it. */
const MADE_ONCE = { ignoreChanges: ['*'], retainOnDelete: true } satisfies pulumi.ResourceOptions;

function labelOf({ kind, metadata: { name, namespace } }: KubeObject): string {
  return `${kind}/${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

function handedOver(object: KubeObject, { adoptedBy }: BootstrapStep): KubeObject {
  const annotations = {
    ...object.metadata.annotations,
    ...(adoptedBy ? { 'pulumi.com/patchFieldManager': ADOPTER } : {}),
    ...(isThere(object) || mayBeThere(object) ? { 'pulumi.com/patchForce': 'true' } : {}),
  };
  if (Object.keys(annotations).length === 0) return object;
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** What Kubernetes makes at its own start: a resource that patches it, as removing one of another kind would delete it. */
function isThere({ kind, metadata: { name } }: KubeObject): boolean {
  return kind === 'Namespace' ? name.startsWith('kube-') || name === 'default' : name.startsWith('system:');
}

/** What a controller makes meanwhile, or has made: it is made or changed, whichever comes first. */
function mayBeThere({ kind, metadata: { name } }: KubeObject): boolean {
  return kind === 'ServiceAccount' && name === 'default';
}

/** One object, by the token that the SDK's own class of its kind has; an object that is there already is patched. */
class KubernetesObject extends pulumi.CustomResource {
  constructor(name: string, object: KubeObject, options: pulumi.CustomResourceOptions) {
    const group = object.apiVersion.includes('/') ? object.apiVersion : `core/${object.apiVersion}`;
    const type = `kubernetes:${group}:${object.kind}${isThere(object) ? 'Patch' : ''}`;
    super(type, name, { ...object }, { ...options, version: sdkVersion() });
  }
}

function sdkVersion(): string {
  return (require('@pulumi/kubernetes/package.json') as { version: string }).version;
}

function declareChart(
  { name, content, adoptedBy }: BootstrapStep,
  { provider, part, host }: BootstrapResourcesProps,
  options: pulumi.ResourceOptions,
): pulumi.Resource {
  if (content.kind !== 'chart') throw new Error(`${name} is no chart`);
  const { chart, releaseName, namespace } = content;
  const oci = chart.repository.startsWith('oci://');
  const helm = require('@pulumi/kubernetes/helm/v4') as typeof import('@pulumi/kubernetes/helm/v4');
  return new helm.Chart(
    name,
    {
      name: releaseName,
      namespace,
      chart: oci ? `${chart.repository}/${chart.name}` : chart.name,
      version: chart.version,
      ...(oci ? {} : { repositoryOpts: { repo: chart.repository } }),
      values: withHost(chart.values, host) as Record<string, unknown>,
      // As Argo CD renders it: definitions are steps of their own.
      skipCrds: true,
      // Before there are machines nothing of it can run.
      skipAwait: part === 'before-machines',
    },
    {
      ...options,
      provider,
      transforms: [
        ({ props, opts }) => ({
          props: annotated(props as { metadata?: { annotations?: object } }, adoptedBy !== undefined),
          opts: pulumi.mergeOptions(opts, { ...MADE_ONCE, customTimeouts: { create: MACHINES_TIMEOUT } }),
        }),
      ],
    },
  );
}

function annotated(props: { metadata?: { annotations?: object } }, adopted: boolean): object {
  if (!adopted || props.metadata === undefined) return props;
  const annotations = { ...props.metadata.annotations, 'pulumi.com/patchFieldManager': ADOPTER };
  return { ...props, metadata: { ...props.metadata, annotations } };
}

/** Values with the real host in the place of the expected one. */
function withHost(value: unknown, host: BootstrapResourcesProps['host']): unknown {
  if (host === undefined) return value;
  if (value === host.expected) return host.is;
  if (Array.isArray(value)) return value.map((one) => withHost(one, host));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withHost(one, host)]));
}
