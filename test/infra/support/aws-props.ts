import * as pulumi from '@pulumi/pulumi';
import { addOnIdentities } from '../../../infra/aws/workload-identities';
import { platform } from '../../../platform';
import type { AwsProps, EngineFile } from '../../../infra/aws';
import { bootstrapDeclarations } from '../../../infra/bootstrap';
import { describeControlPlane } from '../../../src/model/control-plane';
import { describeClusters } from '../../../src/model/resolve/clusters';
import { activate, indexComponents } from '../../../src/model/resolve/components';
import { Findings } from '../../../src/model/resolve/findings';

/** Ranges that the tests let in to the API of the example's cluster, which names none itself. */
export const OFFICE = ['192.0.2.0/24', '198.51.100.0/25'];

const ENGINES = [
  'aws-encryption-provider',
  'etcd',
  'etcdctl',
  'etcdutl',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
  'kubelet',
];

export const engines: readonly EngineFile[] = ENGINES.map((name, index) => ({
  name,
  sha256: String(index % 10).repeat(64),
  source: __filename,
}));

/** Stands for the resource that writes a host's secret. */
class HostSecret extends pulumi.CustomResource {
  constructor(name: string, secret: pulumi.Input<string>) {
    super('keelson:aws:HostSecret', name, { secret });
  }
}

/** The example's cluster on AWS. */
export const CLUSTER = describeClusters(platform.props).get('production')!;

function components() {
  const findings = new Findings();
  const index = indexComponents(bootstrapDeclarations(platform).components, findings);
  const active = activate(index, CLUSTER, platform.props, findings);
  if (findings.all.length > 0) throw new Error(JSON.stringify(findings.all));
  return [...active.values()];
}

/** What its add-ons act as in the cloud. */
export const IDENTITIES = addOnIdentities(components());

/** That cluster as the Pulumi program declares it. */
export function describeAwsProps(more: Partial<AwsProps> = {}): AwsProps {
  return {
    cluster: CLUSTER,
    controlPlane: { ...describeControlPlane(platform.props.clusters.production!), allowedSources: OFFICE },
    components: components(),
    engines,
    issuerDocuments: { '.well-known/openid-configuration': '{}', 'openid/v1/jwks': '{"keys":[]}' },
    writeSecret: (host, secret) => new HostSecret(host.name, secret.arn),
    ...more,
  };
}
