import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { loadAll } from 'js-yaml';
import protobuf from 'protobufjs';
import { getEngine, goModule } from '../../../src/engines';
import { run } from '../../../src/engines/run';
import { CRD_SOURCES } from '../../../src/schemas/sources';
import type { KubeObject } from './api';

/** What Crossplane makes of one composite resource. */
export interface Composed {
  readonly composite: KubeObject & { readonly status?: Record<string, unknown> };
  readonly resources: readonly KubeObject[];
  /** Names of what it would delete. */
  readonly deleted: readonly string[];
  /** What a pipeline told before it gave up. @default - it ended well */
  readonly failure?: string;
}

export interface ComposeInput {
  readonly composite: KubeObject;
  readonly composition: KubeObject;
  /** What the composition may ask for. */
  readonly required: readonly KubeObject[];
  /** What an earlier run made, as it is now. */
  readonly observed?: readonly KubeObject[];
}

/** Crossplane's own reconciler over a composition; stop it at the end. */
export interface Composer {
  compose(input: ComposeInput): Promise<Composed>;
  stop(): Promise<void>;
}

const META = 'gotemplating.fn.crossplane.io';
const NAME = `${META}/composition-resource-name`;
const READY = `${META}/ready`;

/**
 * Starts the engine that `crossplane render` uses, which reads a request and runs one real reconciliation in memory.
 * No registry of modules serves function-go-templating: its part is done here, over Crossplane's own protocol, by Helm's
 * template engine, which is the same language with the same functions (Go's templates and Sprig).
 */
export async function startComposer(): Promise<Composer> {
  const [crossplane, helm] = await Promise.all([getEngine('crossplane'), getEngine('helm')]);
  const { module, version, sum } = CRD_SOURCES.find(({ addOn }) => addOn === 'crossplane')!;
  const source = await goModule(module, version, { sum });
  const folder = await mkdtemp(path.join(tmpdir(), 'keelson-composition-'));
  const server = new grpc.Server();
  const service = grpc.loadPackageDefinition(
    loadSync(path.join(source, 'proto/fn/v1/run_function.proto'), { keepCase: false, enums: String, oneofs: true }),
  ) as unknown as FunctionPackage;
  server.addService(service.apiextensions.fn.proto.v1.FunctionRunnerService.service, {
    runFunction: (
      call: grpc.ServerUnaryCall<RunRequest, unknown>,
      done: (error: Error | null, answer?: object) => void,
    ): void => {
      const { input } = call.request;
      const step = input ? template(helm, folder, call.request) : Promise.resolve(readiness(call.request));
      step.then(
        (answer) => done(null, answer),
        (error: Error) => done(null, fatal(call.request, error.message)),
      );
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const types = await protobuf.load(path.join(source, 'proto/render/v1alpha1/render.proto'));
  const requestType = types.lookupType('crossplane.render.v1alpha1.RenderRequest');
  const responseType = types.lookupType('crossplane.render.v1alpha1.RenderResponse');
  return {
    async compose({ composite, composition, required, observed = [] }) {
      const request = requestType.create({
        composite: {
          compositeResource: toStruct(composite),
          composition: toStruct(composition),
          functions: functionsOf(composition).map((name) => ({ name, address: `127.0.0.1:${port}` })),
          requiredResources: required.map(toStruct),
          observedResources: observed.map(toStruct),
        },
      });
      const { output, error, code } = await piped(
        crossplane,
        ['internal', 'render'],
        requestType.encode(request).finish(),
      );
      // 3: a function said that it is fatal; what was done before is told all the same.
      if (code !== 0 && code !== 3) throw new Error(error);
      const { composite: made } = responseType.decode(output) as unknown as RenderAnswer;
      return {
        composite: fromStruct(made.compositeResource) as Composed['composite'],
        resources: made.composedResources.map((one) => fromStruct(one) as unknown as KubeObject),
        deleted: made.deletedResources.map((one) => (fromStruct(one) as unknown as KubeObject).metadata.name),
        ...(code === 3 ? { failure: error } : {}),
      };
    },
    async stop() {
      server.forceShutdown();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function functionsOf({ spec }: KubeObject): readonly string[] {
  const { pipeline } = spec as { pipeline: readonly { readonly functionRef: { readonly name: string } }[] };
  return pipeline.map(({ functionRef }) => functionRef.name);
}

/** Executes the template of a request and answers as function-go-templating does. */
async function template(helm: string, folder: string, request: RunRequest): Promise<object> {
  const input = fromStruct(request.input!) as { inline: { template: string } };
  const chart = await mkdtemp(path.join(folder, 'chart-'));
  await mkdir(path.join(chart, 'templates'));
  await writeFile(path.join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: composition\nversion: 0.0.0\n');
  await writeFile(
    path.join(chart, 'templates', 'all.yaml'),
    `{{- define "all" }}${input.inline.template}{{ end }}{{ include "all" .Values }}`,
  );
  await writeFile(path.join(chart, 'data.json'), JSON.stringify(asData(request)));
  const text = await run(helm, ['template', 'composition', chart, '--values', path.join(chart, 'data.json')]);
  const objects = (loadAll(text) as (KubeObject | null)[]).filter((one) => one !== null);
  const observed = fromStruct(request.observed!.composite!.resource!) as unknown as KubeObject;
  const resources: Record<string, object> = { ...request.desired?.resources };
  const requirements: Record<string, object> = {};
  let composite = request.desired?.composite;
  for (const object of objects) {
    const { [NAME]: name, [READY]: ready, ...annotations } = annotationsOf(object);
    if (object.apiVersion.startsWith('meta.')) {
      const { requirements: asked } = object as unknown as { requirements: Record<string, Asked> };
      for (const [key, { apiVersion, kind, matchName }] of Object.entries(asked))
        requirements[key] = { apiVersion, kind, matchName };
    } else if (name === undefined) {
      if (object.kind !== observed.kind || object.apiVersion !== observed.apiVersion)
        throw new Error(`${object.kind} ${object.metadata?.name} has no name in the composition`);
      composite = { resource: toStruct({ status: object.status } as unknown as KubeObject) };
    } else {
      const kept = { ...object, metadata: { ...object.metadata, annotations } };
      resources[name] = {
        resource: toStruct(kept),
        ready: ready ? `READY_${ready.toUpperCase()}` : 'READY_UNSPECIFIED',
      };
    }
  }
  return {
    meta: { tag: request.meta?.tag ?? '' },
    desired: { composite, resources },
    requirements: { extraResources: requirements },
  };
}

/** What function-auto-ready does for resources with conditions: ready is whatever says so of itself. */
function readiness(request: RunRequest): object {
  const resources = Object.entries(request.desired?.resources ?? {}).map(([name, desired]) => {
    const seen = request.observed?.resources?.[name]?.resource;
    const { status } = (seen ? fromStruct(seen) : {}) as {
      status?: { conditions?: { type: string; status: string }[] };
    };
    const ready = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True');
    return [name, desired.ready === 'READY_UNSPECIFIED' && ready ? { ...desired, ready: 'READY_TRUE' } : desired];
  });
  return {
    meta: { tag: request.meta?.tag ?? '' },
    desired: { ...request.desired, resources: Object.fromEntries(resources) as object },
  };
}

function fatal(request: RunRequest, message: string): object {
  return { meta: { tag: request.meta?.tag ?? '' }, results: [{ severity: 'SEVERITY_FATAL', message }] };
}

/** The request as a template sees it. */
function asData({ observed, extraResources }: RunRequest): object {
  const resources = Object.entries(observed?.resources ?? {}).map(([name, { resource }]) => [
    name,
    { resource: fromStruct(resource!) },
  ]);
  const extra = Object.entries(extraResources ?? {}).map(([name, { items = [] }]) => [
    name,
    { items: items.map(({ resource }) => ({ resource: fromStruct(resource!) })) },
  ]);
  return {
    observed: {
      composite: { resource: fromStruct(observed!.composite!.resource!) },
      resources: Object.fromEntries(resources) as object,
    },
    ...(extra.length ? { extraResources: Object.fromEntries(extra) as object } : {}),
  };
}

function annotationsOf({ metadata }: KubeObject): Record<string, string> {
  return (metadata as { annotations?: Record<string, string> } | undefined)?.annotations ?? {};
}

function piped(program: string, args: readonly string[], input: Uint8Array): Promise<Piped> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: 60_000 });
    const output: Buffer[] = [];
    const error: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => error.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code, output: Buffer.concat(output), error: Buffer.concat(error).toString() }),
    );
    child.stdin.end(input);
  });
}

interface Piped {
  readonly code: number | null;
  readonly output: Buffer;
  readonly error: string;
}

/** google.protobuf.Value, as both libraries for protocol buffers have it. */
interface Value {
  readonly kind?: string;
  readonly nullValue?: unknown;
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: Struct;
  readonly listValue?: { readonly values?: readonly Value[] };
}

interface Struct {
  readonly fields?: Readonly<Record<string, Value>>;
}

function toStruct(object: object): Struct {
  const fields = Object.entries(JSON.parse(JSON.stringify(object)) as object).map(([key, value]) => [
    key,
    toValue(value),
  ]);
  return { fields: Object.fromEntries(fields) as Record<string, Value> };
}

function toValue(value: unknown): Value {
  if (value === null) return { nullValue: 'NULL_VALUE' };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(toValue) } };
  return { structValue: toStruct(value as object) };
}

function fromStruct({ fields = {} }: Struct): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, fromValue(value)]));
}

function fromValue(value: Value): unknown {
  switch (value.kind) {
    case 'numberValue':
      return value.numberValue;
    case 'stringValue':
      return value.stringValue;
    case 'boolValue':
      return value.boolValue;
    case 'structValue':
      return fromStruct(value.structValue!);
    case 'listValue':
      return (value.listValue!.values ?? []).map(fromValue);
    default:
      return null;
  }
}

interface Asked {
  readonly apiVersion: string;
  readonly kind: string;
  readonly matchName: string;
}

interface State {
  readonly composite?: { readonly resource?: Struct };
  readonly resources?: Readonly<Record<string, { readonly resource?: Struct; readonly ready?: string }>>;
}

interface RunRequest {
  readonly meta?: { readonly tag?: string };
  readonly input?: Struct;
  readonly observed?: State;
  readonly desired?: State;
  readonly extraResources?: Readonly<Record<string, { readonly items?: readonly { readonly resource?: Struct }[] }>>;
}

interface RenderAnswer {
  readonly composite: {
    readonly compositeResource: Struct;
    readonly composedResources: readonly Struct[];
    readonly deletedResources: readonly Struct[];
  };
}

interface FunctionPackage {
  readonly apiextensions: {
    readonly fn: {
      readonly proto: { readonly v1: { readonly FunctionRunnerService: { readonly service: grpc.ServiceDefinition } } };
    };
  };
}
