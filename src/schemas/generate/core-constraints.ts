import type { RawSchema } from '../raw-schema';

const PORT: RawSchema = { minimum: 1, maximum: 65535 };
const NATURAL: RawSchema = { minimum: 0 };
const POSITIVE: RawSchema = { minimum: 1 };
const DNS_LABEL: RawSchema = { format: 'dns-label' };
const COUNT_OR_PERCENT: RawSchema = { minimum: 0, format: 'percent' };
const PORT_OR_NAME: RawSchema = { minimum: 1, maximum: 65535, format: 'port-name' };
const LABELS: RawSchema = {
  propertyNames: { format: 'label-key' },
  additionalProperties: { type: 'string', format: 'label-value' },
};
const CONFIG_KEYS: RawSchema = { propertyNames: { format: 'config-key' } };
const MODE: RawSchema = { minimum: 0, maximum: 0o777 };
const SOME: RawSchema = { minItems: 1 };
const POLICY_NAME: RawSchema = { minLength: 1, format: 'dns-subdomain' };
const WEBHOOK: Readonly<Record<string, RawSchema>> = {
  name: { minLength: 1, format: 'dns-subdomain' },
  admissionReviewVersions: SOME,
  timeoutSeconds: { minimum: 1, maximum: 30 },
};
const RULE: Readonly<Record<string, RawSchema>> = {
  operations: SOME,
  apiGroups: SOME,
  apiVersions: SOME,
  resources: SOME,
};
const CONTAINER: Readonly<Record<string, RawSchema>> = {
  name: { ...DNS_LABEL, minLength: 1 },
  image: { minLength: 1 },
};

/**
 * What the API server checks in Go and does not publish in its OpenAPI, by definition and field: from the
 * documentation of each field in the Kubernetes 1.36 API reference.
 */
const FIELDS: Readonly<Record<string, Readonly<Record<string, RawSchema>>>> = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta': {
    labels: LABELS,
    annotations: { propertyNames: { format: 'annotation-key' } },
    finalizers: { items: { type: 'string', format: 'finalizer' } },
  },
  'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference': { uid: { minLength: 1 }, name: { minLength: 1 } },
  'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector': { matchLabels: LABELS },
  'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement': {
    key: { format: 'label-key' },
    operator: { enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] },
  },
  'io.k8s.api.core.v1.ConfigMap': { data: CONFIG_KEYS, binaryData: CONFIG_KEYS },
  'io.k8s.api.core.v1.Secret': { data: CONFIG_KEYS, stringData: CONFIG_KEYS },
  'io.k8s.api.core.v1.PodSpec': {
    containers: { minItems: 1 },
    nodeSelector: LABELS,
    terminationGracePeriodSeconds: NATURAL,
    activeDeadlineSeconds: POSITIVE,
    serviceAccountName: { format: 'dns-subdomain' },
    priorityClassName: { format: 'dns-subdomain' },
  },
  'io.k8s.api.core.v1.Container': CONTAINER,
  'io.k8s.api.core.v1.EphemeralContainer': CONTAINER,
  'io.k8s.api.core.v1.ContainerPort': {
    containerPort: PORT,
    hostPort: { minimum: 0, maximum: 65535 },
    name: { format: 'port-name' },
  },
  'io.k8s.api.core.v1.EnvVar': { name: { minLength: 1, pattern: '^[ -<>-~]+$' } },
  'io.k8s.api.core.v1.ConfigMapKeySelector': { key: { minLength: 1, format: 'config-key' } },
  'io.k8s.api.core.v1.SecretKeySelector': { key: { minLength: 1, format: 'config-key' } },
  'io.k8s.api.storage.v1.StorageClass': { provisioner: { minLength: 1 } },
  'io.k8s.api.core.v1.Volume': { name: DNS_LABEL },
  'io.k8s.api.core.v1.ConfigMapVolumeSource': { defaultMode: MODE },
  'io.k8s.api.core.v1.SecretVolumeSource': { defaultMode: MODE },
  'io.k8s.api.core.v1.ProjectedVolumeSource': { defaultMode: MODE },
  'io.k8s.api.core.v1.DownwardAPIVolumeSource': { defaultMode: MODE },
  'io.k8s.api.core.v1.KeyToPath': { mode: MODE, path: { minLength: 1 } },
  'io.k8s.api.core.v1.VolumeMount': { name: { minLength: 1 }, mountPath: { minLength: 1 } },
  'io.k8s.api.core.v1.HTTPGetAction': { port: PORT_OR_NAME },
  'io.k8s.api.core.v1.TCPSocketAction': { port: PORT_OR_NAME },
  'io.k8s.api.core.v1.GRPCAction': { port: PORT },
  'io.k8s.api.core.v1.Probe': {
    initialDelaySeconds: NATURAL,
    timeoutSeconds: NATURAL,
    periodSeconds: NATURAL,
    successThreshold: NATURAL,
    failureThreshold: NATURAL,
    terminationGracePeriodSeconds: POSITIVE,
  },
  'io.k8s.api.core.v1.ServicePort': {
    name: DNS_LABEL,
    port: PORT,
    targetPort: { ...PORT_OR_NAME, minimum: 0 },
    nodePort: { minimum: 0, maximum: 65535 },
  },
  'io.k8s.api.core.v1.ServiceSpec': { selector: LABELS },
  'io.k8s.api.core.v1.TopologySpreadConstraint': { maxSkew: POSITIVE, minDomains: POSITIVE },
  'io.k8s.api.core.v1.WeightedPodAffinityTerm': { weight: { minimum: 1, maximum: 100 } },
  'io.k8s.api.core.v1.PreferredSchedulingTerm': { weight: { minimum: 1, maximum: 100 } },
  'io.k8s.api.core.v1.LimitRangeItem': { type: { minLength: 1 } },
  'io.k8s.api.admissionregistration.v1.ValidatingWebhook': WEBHOOK,
  'io.k8s.api.admissionregistration.v1.MutatingWebhook': WEBHOOK,
  'io.k8s.api.admissionregistration.v1.ServiceReference': { port: PORT },
  'io.k8s.api.admissionregistration.v1.RuleWithOperations': RULE,
  'io.k8s.api.admissionregistration.v1.NamedRuleWithOperations': RULE,
  'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec': {
    policyName: POLICY_NAME,
    validationActions: SOME,
  },
  'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBindingSpec': { policyName: POLICY_NAME },
  'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceSpec': {
    groupPriorityMinimum: { minimum: 1, maximum: 20000 },
    versionPriority: { minimum: 1, maximum: 1000 },
  },
  'io.k8s.api.apps.v1.DeploymentSpec': {
    replicas: NATURAL,
    minReadySeconds: NATURAL,
    revisionHistoryLimit: NATURAL,
    progressDeadlineSeconds: NATURAL,
  },
  'io.k8s.api.apps.v1.RollingUpdateDeployment': { maxSurge: COUNT_OR_PERCENT, maxUnavailable: COUNT_OR_PERCENT },
  'io.k8s.api.apps.v1.RollingUpdateDaemonSet': { maxSurge: COUNT_OR_PERCENT, maxUnavailable: COUNT_OR_PERCENT },
  'io.k8s.api.apps.v1.RollingUpdateStatefulSetStrategy': { maxUnavailable: COUNT_OR_PERCENT, partition: NATURAL },
  'io.k8s.api.apps.v1.StatefulSetSpec': { replicas: NATURAL, minReadySeconds: NATURAL, revisionHistoryLimit: NATURAL },
  'io.k8s.api.apps.v1.DaemonSetSpec': { minReadySeconds: NATURAL, revisionHistoryLimit: NATURAL },
  'io.k8s.api.apps.v1.ReplicaSetSpec': { replicas: NATURAL, minReadySeconds: NATURAL },
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec': { minReplicas: POSITIVE, maxReplicas: POSITIVE },
  'io.k8s.api.batch.v1.JobSpec': {
    parallelism: NATURAL,
    completions: NATURAL,
    backoffLimit: NATURAL,
    activeDeadlineSeconds: NATURAL,
    ttlSecondsAfterFinished: NATURAL,
  },
  'io.k8s.api.batch.v1.CronJobSpec': {
    schedule: { minLength: 1 },
    startingDeadlineSeconds: NATURAL,
    successfulJobsHistoryLimit: NATURAL,
    failedJobsHistoryLimit: NATURAL,
  },
  'io.k8s.api.networking.v1.IPBlock': {
    cidr: { format: 'cidr' },
    except: { items: { type: 'string', format: 'cidr' } },
  },
  'io.k8s.api.networking.v1.HTTPIngressRuleValue': { paths: { minItems: 1 } },
  'io.k8s.api.networking.v1.HTTPIngressPath': { path: { pattern: '^(/|$)' } },
  'io.k8s.api.networking.v1.IngressServiceBackend': { name: { minLength: 1, format: 'dns-label' } },
  'io.k8s.api.networking.v1.NetworkPolicyPort': { port: PORT_OR_NAME, endPort: PORT },
  'io.k8s.api.networking.v1.ServiceBackendPort': { number: { minimum: 0, maximum: 65535 } },
  'io.k8s.api.policy.v1.PodDisruptionBudgetSpec': { minAvailable: COUNT_OR_PERCENT, maxUnavailable: COUNT_OR_PERCENT },
  'io.k8s.api.rbac.v1.PolicyRule': { verbs: SOME, apiGroups: SOME, resources: SOME },
  'io.k8s.api.rbac.v1.RoleRef': {
    apiGroup: { enum: ['', 'rbac.authorization.k8s.io'] },
    kind: { enum: ['Role', 'ClusterRole'] },
    name: { minLength: 1 },
  },
  'io.k8s.api.rbac.v1.Subject': { kind: { enum: ['User', 'Group', 'ServiceAccount'] }, name: { minLength: 1 } },
};

/** Fields that the API server requires although its OpenAPI calls them optional. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  'io.k8s.api.core.v1.Pod': ['spec'],
  'io.k8s.api.core.v1.PodTemplateSpec': ['spec'],
  'io.k8s.api.core.v1.Service': ['spec'],
  'io.k8s.api.core.v1.PersistentVolumeClaim': ['spec'],
  'io.k8s.api.core.v1.PersistentVolumeClaimSpec': ['accessModes', 'resources'],
  'io.k8s.api.apps.v1.Deployment': ['spec'],
  'io.k8s.api.apps.v1.StatefulSet': ['spec'],
  'io.k8s.api.apps.v1.DaemonSet': ['spec'],
  'io.k8s.api.batch.v1.Job': ['spec'],
  'io.k8s.api.batch.v1.CronJob': ['spec'],
  'io.k8s.api.batch.v1.JobTemplateSpec': ['spec'],
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler': ['spec'],
  'io.k8s.api.networking.v1.Ingress': ['spec'],
  'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy': ['spec'],
  'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicySpec': ['matchConstraints'],
  'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding': ['spec'],
  'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec': ['policyName', 'validationActions'],
  'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding': ['spec'],
  'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBindingSpec': ['policyName'],
  'io.k8s.api.admissionregistration.v1.RuleWithOperations': Object.keys(RULE),
  'io.k8s.api.admissionregistration.v1.NamedRuleWithOperations': Object.keys(RULE),
  'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService': ['spec'],
  'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceSpec': ['group', 'version'],
  'io.k8s.api.core.v1.Container': ['image'],
  'io.k8s.api.core.v1.EphemeralContainer': ['image'],
  'io.k8s.api.core.v1.LimitRangeItem': ['type'],
};

/** Further limits of whole definitions: one of several fields, or any field at all. */
const OBJECTS: Readonly<Record<string, RawSchema>> = {
  'io.k8s.api.core.v1.EnvVarSource': { minProperties: 1, maxProperties: 1 },
  'io.k8s.api.networking.v1.NetworkPolicyPeer': { minProperties: 1 },
  'io.k8s.api.networking.v1.ServiceBackendPort': { minProperties: 1, maxProperties: 1 },
  'io.k8s.api.networking.v1.IngressSpec': { anyOf: [{ required: ['defaultBackend'] }, { required: ['rules'] }] },
  'io.k8s.api.rbac.v1.PolicyRule': {
    oneOf: [{ required: ['apiGroups', 'resources'] }, { required: ['nonResourceURLs'] }],
  },
};

/** Whole definitions that OpenAPI leaves too wide. */
const DEFINITIONS: Readonly<Record<string, RawSchema>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { format: 'quantity' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    'x-kubernetes-int-or-string': true,
    minimum: -(2 ** 31),
    maximum: 2 ** 31 - 1,
  },
};

/**
 * Adds to the published definitions what the API server checks besides. Throws when a definition or a field that the
 * tables name is gone, so that a newer Kubernetes can't make a check vanish silently.
 */
export function constrain(definitions: Readonly<Record<string, RawSchema>>): Readonly<Record<string, RawSchema>> {
  const result: Record<string, RawSchema> = { ...definitions, ...DEFINITIONS };
  const take = (name: string): RawSchema => {
    const definition = definitions[name];
    if (!definition) throw new Error(`core constraints name ${name}, which is gone`);
    return result[name] ?? definition;
  };
  for (const [name, fields] of Object.entries(FIELDS)) {
    const { properties = {}, ...rest } = take(name);
    const changed = { ...properties };
    for (const [field, constraint] of Object.entries(fields)) {
      if (!properties[field]) throw new Error(`core constraints name ${name}.${field}, which is gone`);
      changed[field] = { ...properties[field], ...constraint };
    }
    result[name] = { ...rest, properties: changed };
  }
  for (const [name, required] of Object.entries(REQUIRED)) {
    const definition = take(name);
    result[name] = { ...definition, required: [...new Set([...(definition.required ?? []), ...required])] };
  }
  for (const [name, limits] of Object.entries(OBJECTS)) result[name] = { ...take(name), ...limits };
  return result;
}
