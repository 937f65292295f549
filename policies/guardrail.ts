import type { Json, JsonObject } from '../src/model/component';
import type { ResolvedCluster } from '../src/model/slices';

/**
 * What a guardrail does to whoever crosses it: `deny` refuses, `warn` lets pass and tells the client and the audit log,
 * `audit` tells the audit log alone.
 */
export type Stage = 'audit' | 'warn' | 'deny';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** Requests to namespaced resources. Lists never hold `*`, but for `apiVersions`. */
export interface RequestMatch {
  /** `''` is the core group. */
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  /** Plural names; a subresource as `pods/ephemeralcontainers`. */
  readonly resources: readonly string[];
  readonly operations: readonly Operation[];
}

/** A requirement on the labels of a namespace. */
export type LabelRequirement =
  | { readonly key: string; readonly operator: 'In' | 'NotIn'; readonly values: readonly string[] }
  | { readonly key: string; readonly operator: 'Exists' | 'DoesNotExist' };

/**
 * A CEL expression as a ValidatingAdmissionPolicy knows it (`object`, `oldObject`, `request`, `namespaceObject`,
 * `params`, `variables`), or how to write it from the cluster's facts. What differs from tenant to tenant is read from
 * `namespaceObject` or `params`.
 */
export type Cel = string | ((cluster: ResolvedCluster) => string);

/** A name for an expression: `variables.<name>` in those that come after it. */
export interface Variable {
  readonly name: string;
  readonly expression: Cel;
}

/** What must be true of every object that is let in. */
export interface Validation {
  readonly expression: Cel;
  /** What is wrong and what to write instead, for whoever sent it. */
  readonly message: string;
  /** CEL that makes the message from the object. @default - `message` */
  readonly messageExpression?: Cel;
}

/** What is filled in for those who left it out, before anything is validated. Kubernetes 1.36 and later. */
export interface Mutation {
  /** @default - Pods as they are created */
  readonly match?: readonly RequestMatch[];
  /** CEL: only where all of these are true. Variables are not known yet. */
  readonly when: readonly { readonly name: string; readonly expression: Cel }[];
  readonly patches: readonly { readonly patchType: 'ApplyConfiguration' | 'JSONPatch'; readonly expression: Cel }[];
}

/** A Kubernetes object of an example; its namespace is left to whoever tries it. */
export interface ExampleObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [field: string]: Json };
  readonly [field: string]: Json;
}

/** A request, and the namespace that it is sent to. */
export interface Request {
  /** What it shows, for people: the name of its test. */
  readonly what: string;
  /** Labels of the namespace beside `tenant: example`. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Annotations of the namespace. @default - none */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Data of the namespace's ConfigMap `keelson`, for a guardrail with `params`. @default - none */
  readonly params?: Readonly<Record<string, string>>;
  /**
   * Name of the user that sends it; an account of the namespace's own is `system:serviceaccount:example:<name>`.
   *
   * @default - somebody of the tenant's
   */
  readonly user?: string;
  /** A group of that user's. @default - none */
  readonly group?: string;
}

/** An example: one object, one that is deleted, or a Pod's template that is tried as a Pod and in every kind of workload. */
export type Example = Request &
  (
    | {
        readonly object: ExampleObject;
        /** What stands there before, where the request is an update. @default - it is a creation */
        readonly old?: ExampleObject;
        /** Such as `ephemeralcontainers`; needs `old`. @default - the object itself */
        readonly subresource?: string;
      }
    | { readonly deleted: ExampleObject }
    | {
        readonly pod: {
          readonly labels?: Readonly<Record<string, string>>;
          readonly annotations?: Readonly<Record<string, string>>;
          readonly spec: JsonObject;
        };
        /** Kinds that it is tried in. @default - all of them */
        readonly kinds?: readonly string[];
      }
  );

/** An example that is let in. */
export type Passing = Example & {
  /** What the object holds afterwards where a mutation fills it in; not let in where no mutation is to be had. */
  readonly filled?: JsonObject;
  /** True where it is let in all the same where no mutation is to be had. @default false */
  readonly unfilled?: boolean;
};

/** An example that is refused. */
export type Failing = Example & {
  /** A part of what is told. */
  readonly message: string;
};

/**
 * A rule about what tenants may send to the API server, as data: rendered once a cluster as a
 * ValidatingAdmissionPolicy (and a MutatingAdmissionPolicy), which the API server enforces by itself. It holds in
 * namespaces with the label `tenant`, for everybody but whom it excludes. One file under `policies/`, named after it,
 * exports one of these as `guardrail`.
 */
export interface Guardrail {
  /** A DNS label, the same as its file. */
  readonly name: string;
  /** What it asks for: one sentence. */
  readonly summary: string;
  /** What happens without it: one or two sentences. */
  readonly why: string;
  /** Where that is written: a URL. */
  readonly source: string;
  readonly match: readonly RequestMatch[];
  /** Further requirements on the namespace's labels, all of them. @default - every tenant's namespaces */
  readonly namespaces?: readonly LabelRequirement[];
  /** Names of users that it is not for, such as the platform's own controllers. @default - Argo CD for the platform */
  readonly excludes?: readonly ((cluster: ResolvedCluster) => string)[];
  /** Add-ons without which it has no meaning: it is left out of clusters where one of them is off. @default - none */
  readonly needs?: readonly string[];
  /** True where `params` is the ConfigMap `keelson` of the namespace; whoever is in one without it is refused. @default false */
  readonly params?: boolean;
  /**
   * True where updates are judged that change nothing but finalizers, owners and the like. @default - those that change
   * the spec, labels or annotations, or that of an object without a spec
   */
  readonly everyUpdate?: boolean;
  readonly variables?: readonly Variable[];
  readonly validations: readonly Validation[];
  readonly mutation?: Mutation;
  /** What it does, in production and elsewhere. @default - deny in both */
  readonly stage?: { readonly production: Stage; readonly other: Stage };
  /** Requests that show what it means; every one of them is tried against a real API server. */
  readonly examples: { readonly pass: readonly Passing[]; readonly fail: readonly Failing[] };
}
