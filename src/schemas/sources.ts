/** A Go module whose folders hold CustomResourceDefinitions. */
export interface CrdSource {
  /** The add-on whose kinds these are. */
  readonly addOn: string;
  readonly module: string;
  /** Version of the module; CRDs of a Go module are those of the project's release of that version. */
  readonly version: string;
  /** The module's `h1:` digest, as Go computes it. */
  readonly sum: string;
  /** Files, or folders whose `.yaml` files are all read, inside the module. */
  readonly paths: readonly string[];
  /** Where the module serves another version than the add-on is pinned to: what that means. @default - the same */
  readonly note?: string;
  /** Derive Crossplane's namespaced managed resources from these cluster-scoped ones. @default - take them as they are */
  readonly namespacedManaged?: boolean;
}

/** The Kubernetes that core schemas are taken from: the version that src/engines is pinned to. */
export const CORE_SOURCE = 'OpenAPI v3 and discovery of kube-apiserver';

/** The only place that pins what the schemas are generated from. */
export const CRD_SOURCES: readonly CrdSource[] = [
  {
    addOn: 'argo-cd',
    module: 'github.com/argoproj/argo-cd/v3',
    version: 'v3.4.4',
    sum: 'h1:PmYfvrLRecuOXjoUjBVx0nRwtJv/Wc9a3jaWs37EyyI=',
    paths: ['manifests/crds'],
  },
  {
    addOn: 'kyverno',
    module: 'github.com/kyverno/kyverno',
    version: 'v1.19.0',
    sum: 'h1:KV42j5lv9lN6WgFlt4X+Mhn0aQD0wLWzlJ/5jdWVdqI=',
    paths: [
      'config/crds/kyverno',
      'config/crds/policies.kyverno.io',
      'config/crds/policyreport',
      'config/crds/reports',
    ],
  },
  {
    addOn: 'velero',
    module: 'github.com/vmware-tanzu/velero',
    version: 'v1.18.1',
    sum: 'h1:eV+urQYesy7tJLVkGM5fs9s/nfOWKtoFezcY1r8IjJM=',
    paths: ['config/crd/v1/bases', 'config/crd/v2alpha1/bases'],
  },
  {
    addOn: 'crossplane',
    module: 'github.com/crossplane/crossplane/v2',
    version: 'v2.3.4',
    sum: 'h1:fqYKqtyQjMnodjyKOJUeupf8SSzjLrTWGUrS+aR2z+E=',
    paths: ['cluster/crds'],
  },
  {
    addOn: 'crossplane-provider-aws',
    module: 'github.com/upbound/provider-aws',
    version: 'v1.23.0',
    sum: 'h1:ZtukIrSGYVIwh23+Bif7HEe2ZMQor37BWwN/nh49WiU=',
    paths: [
      'package/crds/aws.upbound.io_providerconfigs.yaml',
      'package/crds/rds.aws.upbound.io_instances.yaml',
      'package/crds/s3.aws.upbound.io_buckets.yaml',
    ],
    namespacedManaged: true,
    note: 'No module serves release 2 with its namespaced kinds; these are derived from the newest cluster-scoped ones',
  },
  {
    addOn: 'external-secrets',
    module: 'github.com/external-secrets/external-secrets',
    version: 'v1.3.2',
    sum: 'h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=',
    paths: ['deploy/crds/bundle.yaml'],
    note: 'Release 2.9.0 is not a valid version of this module path; fields that release 2 added are refused',
  },
  {
    addOn: 'cert-manager',
    module: 'github.com/cert-manager/cert-manager',
    version: 'v1.21.1',
    sum: 'h1:0LttV37Q5c2CBNoHkjuI8sLKTXWZDC2SwQkxrBMKV9w=',
    paths: ['deploy/crds'],
  },
  {
    addOn: 'prometheus-operator',
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.93.1',
    sum: 'h1:4Juk8v93RdG1DSGD/mGp+SeQKPmnlLIj2iq3blLZgFY=',
    paths: ['example/prometheus-operator-crd'],
  },
  {
    addOn: 'keda',
    module: 'github.com/kedacore/keda/v2',
    version: 'v2.20.2',
    sum: 'h1:SR60v8uIcelbveS8n/1jcl8tLdBBIbHMxmdOHw8tKqA=',
    paths: ['config/crd/bases'],
  },
  {
    addOn: 'grafana-operator',
    module: 'github.com/grafana/grafana-operator/v5',
    version: 'v5.24.0',
    sum: 'h1:7NvVn7J7hknBBWte99giWEK4TV5qYfZdvDIW8WeU3oU=',
    paths: ['config/crd/bases'],
  },
  {
    addOn: 'cloudnative-pg',
    module: 'github.com/cloudnative-pg/cloudnative-pg',
    version: 'v1.30.0',
    sum: 'h1:fnhVq44xXx97MNiuvJsPrX1vSjYbgdyBK5MSGfdHdp0=',
    paths: ['config/crd/bases'],
  },
  {
    addOn: 'external-snapshotter',
    module: 'github.com/kubernetes-csi/external-snapshotter/client/v8',
    version: 'v8.6.0',
    sum: 'h1:FtGewu2k6HWw6evLGXY8JqUZ9eHpti1kd3e4amj+ilA=',
    paths: ['config/crd'],
  },
  {
    addOn: 'gateway-api',
    module: 'sigs.k8s.io/gateway-api',
    version: 'v1.6.1',
    sum: 'h1:mock6phZbI6rvZerwrVNk7hVNymQgHo+6sJ81Ia7ftY=',
    paths: ['config/crd/standard'],
  },
  {
    addOn: 'karpenter',
    module: 'github.com/aws/karpenter-provider-aws',
    version: 'v1.13.0',
    sum: 'h1:NkFC6jM0JjnHMrIVCpmX0j5Gl2kGv9CV96oqvkExV4k=',
    paths: ['pkg/apis/crds'],
  },
  {
    addOn: 'cilium',
    module: 'github.com/cilium/cilium',
    version: 'v1.20.0',
    sum: 'h1:ChjrRtiDjtLKe0FkygGTMxEIUtqQh5lEXZL+bLfeb1I=',
    paths: ['pkg/k8s/apis/cilium.io/client/crds/v2', 'pkg/k8s/apis/cilium.io/client/crds/v2alpha1'],
  },
  {
    addOn: 'istio',
    module: 'istio.io/api',
    version: 'v1.31.0',
    sum: 'h1:qGf/hZwCu5LOPK0jGti38NF71E8Eq4jGyhz/l2xsszU=',
    paths: ['kubernetes/customresourcedefinitions.gen.yaml'],
  },
];
