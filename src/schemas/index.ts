export { isNamespaced, kinds, schemaOf, type KindInfo, type RawSchema } from './catalog';
export { unevaluatedRules, type UnevaluatedRule } from './cel';
export { checkObject } from './check';
export type { SchemaProblem, SchemaRule } from './problem';
