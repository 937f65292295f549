import * as pulumi from '@pulumi/pulumi';
import type { Cluster } from '../src/model/cluster';
import type { ClusterOutputs } from '../src/model/outputs';

/** What a place knows of a cluster when it is there: the rest of its outputs follows from its description. */
export interface KnownOutputs {
  /** Where clients find the API. */
  readonly api: { readonly host: pulumi.Input<string>; readonly port: number };
  readonly issuer: pulumi.Input<string>;
  readonly vpc?: pulumi.Input<string>;
  readonly databaseSecurityGroup?: pulumi.Input<string>;
  readonly egress?: pulumi.Input<readonly string[]>;
  /** Names by use; `backups`, `logs` and `traces` among them. */
  readonly buckets?: Readonly<Record<string, pulumi.Input<string>>>;
  /** ARNs by the role's name after `<cluster>-`. */
  readonly roles?: Readonly<Record<string, pulumi.Input<string>>>;
  /** ARNs by use. */
  readonly keys?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Ids by domain. */
  readonly zones?: Readonly<Record<string, pulumi.Input<string>>>;
}

/** The stack's output `outputs`: `keelson outputs <cluster>` writes it beside platform.ts, where rendering finds it. */
export function clusterOutputs(cluster: Cluster, known: KnownOutputs): pulumi.Output<ClusterOutputs> {
  const { podCidr, serviceCidr, nodeCidr } = cluster.network;
  const { api, issuer, vpc, databaseSecurityGroup, egress, buckets, roles, keys, zones } = known;
  return pulumi
    .all([
      pulumi.output(api),
      pulumi.output(issuer),
      pulumi.output({ vpc, databaseSecurityGroup, egress }),
      pulumi.output({ buckets, roles, keys, zones }),
    ])
    .apply(([api, issuer, network, maps]) => {
      const given = Object.entries({ ...maps }).filter(([, map]) => map !== undefined);
      return {
        api: { host: api.host, port: api.port },
        issuer,
        network: {
          podCidr,
          serviceCidr,
          nodeCidr,
          ...(network.vpc === undefined ? {} : { vpc: network.vpc }),
          ...(network.databaseSecurityGroup === undefined
            ? {}
            : { databaseSecurityGroup: network.databaseSecurityGroup }),
          ...(network.egress === undefined ? {} : { egress: [...network.egress] }),
        },
        ...(Object.fromEntries(given) as Omit<ClusterOutputs, 'api' | 'issuer' | 'network'>),
      };
    });
}
