/** A step of taking a cluster in AWS down, in order. */
export interface DestroyStep {
  readonly title: string;
  /** Commands, with `<cluster>` for its name; none where a person acts elsewhere. */
  readonly commands: readonly string[];
  readonly why: string;
}

/**
 * How a cluster is taken down for good. `pulumi destroy` alone refuses: what holds data is protected in a production
 * cluster, and what the cluster itself made in AWS is not Pulumi's.
 */
export const DESTROY_ORDER: readonly DestroyStep[] = [
  {
    title: 'Take a last backup, and keep a snapshot of etcd',
    commands: [
      'velero backup create last --wait',
      'aws ssm send-command --document-name AWS-RunShellScript --targets Key=tag:Name,Values=<cluster>-control-plane-1 --parameters commands="systemctl start etcd-snapshot"',
    ],
    why: 'after the next step nobody can',
  },
  {
    title: 'Remove what the cluster made in AWS',
    commands: [
      'kubectl --namespace argocd delete applications --all --cascade=orphan',
      'kubectl delete services --all-namespaces --field-selector spec.type=LoadBalancer',
      'kubectl delete persistentvolumeclaims --all --all-namespaces',
    ],
    why: 'load balancers hold the subnets, and disks go on costing, while no controller is left to remove them; Argo CD must not make them again',
  },
  {
    title: 'Take the protection off',
    commands: ['pulumi state unprotect --all --stack <cluster>'],
    why: 'volumes, keys, buckets, zones, secrets and the issuer of a production cluster are protected',
  },
  {
    title: 'Destroy',
    commands: ['pulumi destroy --stack <cluster>'],
    why: 'the order within is that of the dependencies; the zone and buckets without a lock go with all that is in them; balancers of a production cluster have AWS’ deletion protection, which goes off by `aws elbv2 modify-load-balancer-attributes`',
  },
  {
    title: 'Remove the delegation of the domain',
    commands: [],
    why: 'name servers of a zone that is gone can be given to somebody else, who then owns the name',
  },
  {
    title: 'Weeks later, remove the buckets with locks and the keys',
    commands: [],
    why: 'Pulumi leaves them on purpose: locked objects cannot be deleted before their time, and without its key no backup can be read. Keys go last, by scheduling their deletion in 30 days. The names of secrets are free again after 30 days too',
  },
];
