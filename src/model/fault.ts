/** Why a value is refused, and what to write in its place. */
export interface Fault {
  /** What is wrong, one clause without a full stop; values in it are already safe to print. */
  readonly message: string;
  /** What to write or do instead. @default - nothing better than the message is known */
  readonly fix?: string;
  /** True where the value holds a credential, so that nobody may print it. @default false */
  readonly secret?: boolean;
}
