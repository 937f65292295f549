/**
 * A kind of resource of Keelson's own provider. It is told what shall be and makes it so, whatever it finds: made for
 * the first time, changed, damaged by hand or left half done by a run that was killed.
 */
export interface Kind<Inputs> {
  /**
   * What is not as the inputs say, a sentence each; empty where all is well. Changes nothing. It is what makes a
   * preview honest: `pulumi up` and `pulumi refresh` see a killed process or an edited file without being told.
   * `facts` is what `make` gave the last time.
   */
  drift(inputs: Inputs, facts: Readonly<Record<string, unknown>>): Promise<readonly string[]>;
  /** Makes it as the inputs say, and gives what is known of it then; never a secret. Rejects with the reason. */
  make(inputs: Inputs): Promise<Readonly<Record<string, unknown>>>;
  /** Removes it, and nothing else. Where it is gone already that is well. */
  remove(inputs: Inputs): Promise<void>;
}
