import * as pulumi from '@pulumi/pulumi';

/** A resource of Keelson's own provider. What it is told must hold no secret: Pulumi's state keeps it in clear. */
export class KeelsonResource<Inputs extends object> extends pulumi.CustomResource {
  /** What the provider found out when it made the resource. */
  declare readonly facts: pulumi.Output<Readonly<Record<string, string>>>;

  constructor(type: string, name: string, inputs: pulumi.Input<Inputs>, options?: pulumi.CustomResourceOptions) {
    super(type, name, { inputs, drift: undefined, facts: undefined }, options);
  }
}
