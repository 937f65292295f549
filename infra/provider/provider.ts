import { isDeepStrictEqual } from 'node:util';
import type { Provider } from '@pulumi/pulumi/provider';
import type { Tell } from './engine-log';
import type { Kind } from './kind';

/** What Pulumi's state keeps of a resource: the inputs as they were, what was found of it, and what it lacks. */
interface State {
  readonly inputs: unknown;
  readonly drift: readonly string[];
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Stands before each sentence on what of a resource is not as its description says. */
export const DRIFTED = 'not as described: ';

/** Makes a Pulumi provider of kinds of resources, by their type such as `keelson:local:Host`. */
export function providerOf(
  kinds: Readonly<Record<string, () => Kind<unknown>>>,
  version: string,
  tell: Tell = () => Promise.resolve(),
): Provider {
  const kindOf = (urn: string): Kind<unknown> => {
    const type = typeOf(urn);
    const make = kinds[type];
    if (!make) throw new Error(`Keelson's provider knows no resource of type ${type}`);
    return make();
  };
  /** What is not as described; Pulumi shows it, or nobody would learn why a resource is to be updated. */
  const driftOf = async (urn: string, inputs: unknown, facts: State['facts']): Promise<readonly string[]> => {
    const drift = await kindOf(urn).drift(inputs, facts);
    for (const sentence of drift) await tell(urn, `${DRIFTED}${sentence}`);
    return drift;
  };
  const made = async (urn: string, inputs: unknown): Promise<State> => ({
    inputs,
    drift: [],
    facts: await kindOf(urn).make(inputs),
  });
  return {
    version,
    check: (_urn, _olds, news: { inputs: unknown }) => Promise.resolve({ inputs: news }),
    async diff(_id, urn, olds: State, news: { inputs: unknown }) {
      if (!isDeepStrictEqual(olds.inputs, news.inputs)) return { changes: true };
      return { changes: olds.drift.length > 0 || (await driftOf(urn, news.inputs, olds.facts)).length > 0 };
    },
    async create(urn, { inputs }: { inputs: unknown }) {
      return { id: nameOf(urn), outs: await made(urn, inputs) };
    },
    async read(id, urn, state: State) {
      return {
        id,
        props: { ...state, drift: await driftOf(urn, state.inputs, state.facts) },
        inputs: { inputs: state.inputs },
      };
    },
    async update(_id, urn, _olds, { inputs }: { inputs: unknown }) {
      return { outs: await made(urn, inputs) };
    },
    delete: (_id, urn, state: State) => kindOf(urn).remove(state.inputs),
  };
}

/** `urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>` */
function typeOf(urn: string): string {
  return urn.split('::')[2]!.split('$').at(-1)!;
}

function nameOf(urn: string): string {
  return urn.split('::').slice(3).join('::');
}
