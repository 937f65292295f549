import { ApiObject, App, Chart } from 'cdk8s';
import type { Construct } from 'constructs';

/** As much of a Kubernetes object as it takes to send one. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** What constructs make, as data: the same objects that rendering makes of them. */
export function objectsOf(render: (scope: Construct) => void): readonly KubeObject[] {
  const chart = new Chart(new App(), 'objects', { disableResourceNameHashes: true });
  render(chart);
  return chart.node
    .findAll()
    .filter((node) => ApiObject.isApiObject(node))
    .map((node) => node.toJson() as KubeObject);
}

/** `Deployment argocd/argocd-server`, as messages name an object. */
export function nameOf({ kind, metadata: { name, namespace } }: KubeObject): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** Whether it is one of Kubernetes' own namespaces or any other. */
export function isNamespace({ apiVersion, kind }: KubeObject): boolean {
  return apiVersion === 'v1' && kind === 'Namespace';
}
