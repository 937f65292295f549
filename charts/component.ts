import type { Component } from '../src/model/component';

export type * from '../src/model/component';
export type { Cluster, Provider } from '../src/model/cluster';

/** Names an add-on's type at the place of its declaration, so that editors complete and check it. */
export function defineComponent(component: Component): Component {
  return component;
}
