import * as pulumi from '@pulumi/pulumi';
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
class HostMaterial extends pulumi.CustomResource {
  constructor(name: string, secret: pulumi.Input<string>) {
    super('keelson:secrets:HostMaterial', name, { secret });
  }
}

/** The example's cluster on AWS, as the Pulumi program declares it. */
export function describeAwsProps(name = 'production', more: Partial<AwsProps> = {}): AwsProps {
  const cluster = describeClusters(platform.props).get(name)!;
  const declarations = bootstrapDeclarations(platform);
  const findings = new Findings();
  const components = activate(indexComponents(declarations.components, findings), cluster, platform.props, findings);
  if (findings.all.length > 0) throw new Error(JSON.stringify(findings.all));
  return {
    cluster,
    controlPlane: { ...describeControlPlane(platform.props.clusters[name]!), allowedSources: OFFICE },
    components: components.values(),
    engines,
    issuerDocuments: { '.well-known/openid-configuration': '{}', 'openid/v1/jwks': '{"keys":[]}' },
    writeSecret: (host, secret) => new HostMaterial(host.name, secret.arn),
    ...more,
  };
}
