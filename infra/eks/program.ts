import { getCallerIdentityOutput } from '@pulumi/aws/getCallerIdentity';
import { getSessionContextOutput } from '@pulumi/aws/iam';
import { Provider as AwsProvider } from '@pulumi/aws/provider';
import { Provider } from '@pulumi/kubernetes/provider';
import * as pulumi from '@pulumi/pulumi';
import type { Cluster } from '../../src/model/cluster';
import type { ControlPlane } from '../../src/model/control-plane';
import type { Declarations } from '../../src/model/declare';
import { planBootstrap } from '../bootstrap';
import { declareBootstrap, planDefinitions } from '../bootstrap/resources';
import { activeComponents } from '../components';
import type { TenantRoles } from '../tenant-roles';
import { declareEks, type EksApi } from '.';

/**
 * The stack of a cluster on EKS: the cloud's part, the bootstrap up to the network, machines, the rest of the bootstrap.
 * Whoever runs it needs `aws` on PATH, for tokens. Configuration: `keelson:budget`, US dollars a month;
 * `keelson:administrators`, a list of ARNs of roles; `keelson:permissionsBoundary`, ARN of the policy that no role can do
 * more than.
 *
 * @param definitions reads the custom resources of the plan
 */
export async function eksProgram(
  declarations: Declarations,
  cluster: Cluster,
  controlPlane: ControlPlane,
  tenants: TenantRoles,
  definitions: typeof planDefinitions = planDefinitions,
): Promise<Readonly<Record<string, unknown>>> {
  const config = new pulumi.Config('keelson');
  const boundary = config.get('permissionsBoundary');
  const plan = planBootstrap(declarations, cluster.name);
  const read = await definitions(plan, { onProgress: (message) => void pulumi.log.info(message) });
  let provider: Provider | undefined;
  const bootstrap = (api: EksApi, part: 'before-machines' | 'with-machines', after: readonly pulumi.Resource[]) =>
    declareBootstrap(plan, {
      provider: (provider ??= kubernetes(cluster, api)),
      definitions: read,
      part,
      after,
      host: { expected: cluster.network.apiServer.host, is: api.host },
    });
  const made = declareEks({
    cluster,
    controlPlane,
    components: activeComponents(declarations, cluster),
    tenants,
    ...(boundary === undefined ? {} : { permissionsBoundary: boundary }),
    provisioner: caller(cluster),
    administrators: config.getObject<string[]>('administrators') ?? [],
    budget: config.requireNumber('budget'),
    network: (api) => bootstrap(api, 'before-machines', api.ready),
  });
  bootstrap(made.api, 'with-machines', made.ready);
  return { outputs: made.outputs, nameServers: made.nameServers };
}

/** ARN of the role behind this session: access entries know roles, not sessions. */
function caller({ region = '', accountId = '' }: Cluster): pulumi.Output<string> {
  // Without a provider of its own the question needs a region from the environment.
  const provider = new AwsProvider('caller', { region: region as 'eu-central-1', allowedAccountIds: [accountId] });
  return getSessionContextOutput({ arn: getCallerIdentityOutput({}, { provider }).arn }, { provider }).issuerArn;
}

/** Server-side apply as whoever runs Pulumi. Nothing in it is secret: each use asks AWS for a token. */
function kubernetes(cluster: Cluster, api: EksApi): Provider {
  const user = {
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'aws',
      args: ['eks', 'get-token', '--region', cluster.region, '--cluster-name', cluster.name],
      interactiveMode: 'Never',
    },
  };
  const kubeconfig = pulumi.jsonStringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': cluster.name,
    contexts: [{ name: cluster.name, context: { cluster: cluster.name, user: cluster.name } }],
    clusters: [
      { name: cluster.name, cluster: { server: api.url, 'certificate-authority-data': api.certificateAuthority } },
    ],
    users: [{ name: cluster.name, user }],
  });
  return new Provider('kubernetes', { kubeconfig, enableServerSideApply: true }, { dependsOn: [...api.ready] });
}
