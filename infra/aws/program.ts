import { Provider } from '@pulumi/kubernetes/provider';
import * as pulumi from '@pulumi/pulumi';
import type { Cluster } from '../../src/model/cluster';
import type { ControlPlane } from '../../src/model/control-plane';
import type { Declarations } from '../../src/model/declare';
import { planBootstrap } from '../bootstrap';
import { declareBootstrap, planDefinitions } from '../bootstrap/resources';
import { activeComponents } from '../components';
import type { Host } from '../control-plane/host';
import { pkiPlan } from '../control-plane/pki';
import { clusterOutputs } from '../outputs';
import { KeelsonResource } from '../provider/resource';
import { type AwsOutputs, type AwsProps, awsSite, clusterEngines, declareAws, engineFiles } from '.';
import type { TenantRoles } from '../tenant-roles';
import type { HostSecretInputs } from './host-secret-kind';
import type { AwsSecretsInputs } from './secrets-kind';

/** What the program reads from elsewhere before it declares anything. */
export interface AwsProgramSources {
  readonly definitions: typeof planDefinitions;
  readonly engines: typeof engineFiles;
}

/**
 * The stack of a cluster on virtual machines: its keys and certificates in Secrets Manager, the cloud's part, the
 * bootstrap. Configuration: `keelson:engines`, paths of programs that Keelson cannot fetch; `keelson:budget`, US
 * dollars a month; `keelson:image`, an image in place of the newest; `keelson:permissionsBoundary`, ARN of the policy
 * that no role can do more than.
 */
export async function awsProgram(
  declarations: Declarations,
  cluster: Cluster,
  controlPlane: ControlPlane,
  tenants: TenantRoles,
  sources: AwsProgramSources = { definitions: planDefinitions, engines: engineFiles },
): Promise<Readonly<Record<string, unknown>>> {
  const config = new pulumi.Config('keelson');
  const plan = planBootstrap(declarations, cluster.name);
  const definitions = await sources.definitions(plan, { onProgress: (message) => void pulumi.log.info(message) });
  const given = config.getObject<Record<string, string>>('engines') ?? {};
  const engines = await sources.engines(clusterEngines(cluster, controlPlane), given);
  const site = awsSite(cluster, controlPlane);
  const place = { cluster: cluster.name, region: cluster.region ?? '' };
  const secrets = new KeelsonResource<AwsSecretsInputs>('keelson:aws:Secrets', 'secrets', {
    ...place,
    plan: pkiPlan(cluster, site),
    issuer: site.serviceAccountIssuer,
  });
  const made = declareAws({
    cluster,
    controlPlane,
    components: activeComponents(declarations, cluster),
    tenants,
    engines,
    issuerDocuments: secrets.facts.apply((facts) => facts.documents as unknown as Record<string, string>),
    // The resource knows the secret by its name: the value goes from one store to the other, and not through Pulumi.
    writeSecret: (host: Host, secret) =>
      new KeelsonResource<HostSecretInputs>(
        'keelson:aws:HostSecret',
        host.name,
        { ...place, host: host.name, files: secretFiles(host) },
        { dependsOn: [secrets, secret] },
      ),
    ...optional('permissionsBoundary', config.get('permissionsBoundary')),
    ...optional('image', config.get('image')),
    ...optional('budget', config.getNumber('budget')),
  });
  const trust = secrets.facts.apply((facts) => facts.trust as unknown as readonly string[]);
  const bootstrap = { definitions, provider: kubernetes(cluster, made, trust, 'admin') };
  const access = kubernetes(cluster, made, trust, 'bootstrap');
  const network = declareBootstrap(plan, { ...bootstrap, access, part: 'before-machines', after: [made.ready] });
  declareBootstrap(plan, { ...bootstrap, part: 'with-machines', after: network });
  return {
    outputs: clusterOutputs(cluster, {
      api: { host: site.endpoint.host, port: site.endpoint.port },
      issuer: made.issuer,
      vpc: made.vpcId,
      databaseSecurityGroup: made.databaseSecurityGroup,
      egress: made.egressAddresses,
      buckets: made.buckets,
      roles: made.roles,
    }),
    nameServers: made.nameServers,
    apiServer: made.apiServer,
  };
}

/** Files of a host whose content only the store knows, by path. */
function secretFiles({ files }: Host): HostSecretInputs['files'] {
  return files.flatMap(({ path, content }) => (typeof content === 'string' ? [] : [{ path, material: content }]));
}

function optional<K extends keyof AwsProps>(key: K, value: AwsProps[K] | undefined): Partial<Pick<AwsProps, K>> {
  return value === undefined ? {} : ({ [key]: value } as Pick<AwsProps, K>);
}

/**
 * Server-side apply as an administrator, or as the one who lets administrators in. It holds no key: each use asks
 * Keelson for a certificate, which it reads from the cluster's store or makes. It is kept encrypted all the same, so
 * that nobody who searches Pulumi's state for certificates has to ask which of them are public.
 */
function kubernetes(
  cluster: Cluster,
  { apiServer: server, ready, machines }: Pick<AwsOutputs, 'apiServer' | 'machines' | 'ready'>,
  trust: pulumi.Output<readonly string[]>,
  as: 'admin' | 'bootstrap',
): Provider {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'npx',
    args: ['--no-install', 'keelson', 'credential', cluster.name, ...(as === 'bootstrap' ? ['--bootstrap'] : [])],
    interactiveMode: 'Never',
  };
  const kubeconfig = trust.apply((certificates) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': cluster.name,
      contexts: [{ name: cluster.name, context: { cluster: cluster.name, user: as } }],
      clusters: [
        {
          name: cluster.name,
          cluster: {
            server,
            'certificate-authority-data': Buffer.from(certificates.map(pem).join('')).toString('base64'),
          },
        },
      ],
      users: [{ name: as, user: { exec } }],
    }),
  );
  return new Provider(
    `kubernetes-${as}`,
    { kubeconfig: pulumi.secret(kubeconfig), enableServerSideApply: true },
    // It asks the API once, when it is made: one that does not answer then counts as out of reach for the whole run. From
    // outside its name is found when the domain is delegated, as it is when there are roles.
    { dependsOn: [ready, ...machines] },
  );
}

/** A certificate in PEM, from its DER in base64. */
function pem(der: string): string {
  const lines = der.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
