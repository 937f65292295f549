/** What kind of rule an object broke. */
export type SchemaRule =
  | 'not-an-object'
  | 'too-deep'
  | 'unknown-kind'
  | 'unknown-field'
  | 'type'
  | 'required'
  | 'enum'
  | 'pattern'
  | 'range'
  | 'format'
  | 'length'
  | 'duplicate-key'
  | 'combination'
  | 'consistency'
  | 'metadata'
  | 'cel';

/** One thing about an object that the API server would refuse. */
export interface SchemaProblem {
  /** JSON path of the field, such as `spec.template.spec.containers[0].image`; empty for the object itself. */
  readonly path: string;
  readonly rule: SchemaRule;
  /** What is wrong, one sentence without a full stop. */
  readonly message: string;
  /** What to write instead, one sentence without a full stop. @default - none known */
  readonly fix?: string;
  /** The offending value, as it was given. @default - the field is missing */
  readonly value?: unknown;
}
