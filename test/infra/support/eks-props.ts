import * as pulumi from '@pulumi/pulumi';
import type { GrantedIdentity } from '../../../infra/aws/workload-identities';
import { addOnIdentities } from '../../../infra/aws/workload-identities';
import { bootstrapDeclarations, type KubeObject, planBootstrap } from '../../../infra/bootstrap';
import { declareBootstrap } from '../../../infra/bootstrap/resources';
import { activeComponents } from '../../../infra/components';
import type { EksProps } from '../../../infra/eks';
import { platform } from '../../../platform';
import { Platform } from '../../../src/model';
import type { PlatformProps } from '../../../src/model/platform.generated';
import { describeClusters } from '../../../src/model/resolve/clusters';
import { OFFICE } from './aws-props';

/** The example's production cluster, were it on EKS: so the same account, region and pools as on virtual machines. */
const props: PlatformProps = {
  ...platform.props,
  clusters: { ...platform.props.clusters, production: { ...platform.props.clusters['production']!, provider: 'eks' } },
};

export const EKS_CLUSTER = describeClusters(props).get('production')!;
export const PROVISIONER = 'arn:aws:iam::111122223333:role/pipeline';
export const ADMINISTRATOR = 'arn:aws:iam::111122223333:role/sealed';

/** A role of a tenant, for one ServiceAccount. */
export const TENANT: GrantedIdentity = {
  role: 'production.payments-prod.ledger',
  wholeName: true,
  namespace: 'payments-prod',
  serviceAccount: 'ledger',
  description: 'The tenant payments',
  statements: [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::payments-ledger/*'] }],
};

/** A role of a tenant's store of secrets, which External Secrets takes on by a token. */
export const STORE: GrantedIdentity = {
  role: 'production.payments-prod.secret-store.tenant',
  wholeName: true,
  namespace: 'payments-prod',
  serviceAccount: 'secret-store.tenant',
  description: 'Secrets of the tenant payments',
  statements: [
    {
      actions: ['secretsmanager:GetSecretValue'],
      resources: ['arn:aws:secretsmanager:eu-central-1:111122223333:secret:production/tenants/payments/prod/tenant/*'],
    },
  ],
};

export const EKS_DECLARATIONS = bootstrapDeclarations(new Platform(props));

const components = () => activeComponents(EKS_DECLARATIONS, EKS_CLUSTER);

/** What its add-ons act as in the cloud, and on which ports API servers call them. */
export const EKS_IDENTITIES = {
  addOns: addOnIdentities(components()),
  webhooks: [
    ...new Set(
      components().flatMap(({ declaration: { workloads, webhooks = [] } }) =>
        webhooks.flatMap(({ workload, port }) => workloads[workload]?.serves?.[port]?.port ?? []),
      ),
    ),
  ],
};

export const EKS_PLAN = planBootstrap(EKS_DECLARATIONS, 'production');

/** Stands for the provider that talks to the cluster. */
class Kubernetes extends pulumi.ProviderResource {
  constructor() {
    super('kubernetes', 'production', { enableServerSideApply: true });
  }
}

const definition: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'boats.example.com' },
};
export const DEFINITIONS = new Map(
  EKS_PLAN.steps.flatMap(({ name, content }) =>
    content.kind === 'definitions' ? [[name, [definition]] as const] : [],
  ),
);

/** That cluster as the Pulumi program declares it, the first half of its bootstrap with it. */
export function describeEksProps(more: Partial<EksProps> = {}): EksProps {
  return {
    cluster: EKS_CLUSTER,
    controlPlane: { allowedSources: OFFICE },
    components: components(),
    provisioner: PROVISIONER,
    administrators: [ADMINISTRATOR],
    tenants: { workloads: [TENANT], stores: [STORE] },
    budget: 900,
    network: ({ ready, host }) =>
      declareBootstrap(EKS_PLAN, {
        provider: new Kubernetes(),
        definitions: DEFINITIONS,
        part: 'before-machines',
        after: ready,
        host: { expected: EKS_CLUSTER.network.apiServer.host, is: host },
      }),
    ...more,
  };
}
