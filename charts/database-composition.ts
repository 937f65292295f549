import {
  DATABASE_GROUP,
  DATABASE_KIND,
  DATABASE_LABEL,
  DATABASE_PORT,
  DATABASE_ROLE,
  DATABASE_SIZES,
  DATABASE_VERSION,
} from '../src/model/database';
import type { Cluster } from './component';
import { MANAGED } from './labels';
import { parseQuantity } from '../src/model/quantity';

/** Images of PostgreSQL by major version, in the ClusterImageCatalog of that name: the one place that pins patches. */
export const POSTGRES_CATALOG = 'keelson-postgres';

/** Annotation of a backup: days until it is deleted. */
export const KEEP_DAYS = 'keelson.dev/keep-days';

/** Classes of a cluster's volumes and of their snapshots; a local cluster can take none and keeps no volume. */
const STORAGE = {
  cloud: { deleted: 'gp3', kept: 'gp3-retain', snapshots: 'ebs' },
  local: { deleted: 'local-path', kept: 'local-path', snapshots: '' },
} as const;

/** Share of its memory that PostgreSQL caches pages in: a quarter, as its manual advises. */
const SHARED_BUFFERS = 4n;

function mebibytes(memory: string): number {
  return Number((parseQuantity(memory)?.value ?? 0n) / (1_000_000_000n << 20n));
}

/** A value as text that stands in a template and is read there again. */
function asData(value: unknown): string {
  return `fromJson \`${JSON.stringify(value)}\``;
}

/**
 * What a Database becomes, as a Go template: one Composition for all, since the definition enforces one. Which branch is
 * taken follows from the namespace's label `environment`, which only the platform writes, and from the cluster's
 * description: nothing in the Database says it.
 */
export function databaseTemplate(cluster: Cluster): string {
  const storage = cluster.provider === 'local' ? STORAGE.local : STORAGE.cloud;
  const facts = {
    cluster: cluster.name,
    region: cluster.region ?? '',
    subnetGroup: `${cluster.name}-database`,
    securityGroup: cluster.provisioned?.network.databaseSecurityGroup ?? '',
    storage,
  };
  const sizes = Object.fromEntries(
    Object.entries(DATABASE_SIZES).map(([name, size]) => [
      name,
      { ...size, sharedBuffers: `${mebibytes(size.memory) / Number(SHARED_BUFFERS)}MB` },
    ]),
  );
  return [facing(cluster), RDS, IN_CLUSTER, STATUS]
    .join('\n')
    .replace('@facts', asData(facts))
    .replace('@sizes', asData(sizes));
}

/** Everything that both branches know, and the namespace, which has to be asked for first. */
const facing = (cluster: Cluster): string => `
{{- $facts := @facts }}
{{- $sizes := @sizes }}
{{- $providers := ${asData(cluster.databaseProviders)} }}
{{- $xr := .observed.composite.resource }}
{{- $name := $xr.metadata.name }}
{{- $namespace := $xr.metadata.namespace }}
---
apiVersion: meta.gotemplating.fn.crossplane.io/v1alpha1
kind: ExtraResources
requirements:
  namespace:
    apiVersion: v1
    kind: Namespace
    matchName: {{ $namespace | quote }}
{{- $given := merge (dict) (default (dict) .requiredResources) (default (dict) .extraResources) }}
{{- if hasKey $given "namespace" }}
{{- $found := dig "namespace" "items" (list) $given }}
{{- if not $found }}{{ fail (printf "namespace %s cannot be read" $namespace) }}{{ end }}
{{- $labels := dig "resource" "metadata" "labels" (dict) (first $found) }}
{{- $environment := index $labels "environment" | default "" }}
{{- $provider := index $providers $environment | default "" }}
{{- if not $provider }}{{ fail (printf "namespace %s is no environment of a tenant on this cluster" $namespace) }}{{ end }}
{{- /* What is left out here would be deleted, with its data: no change of the platform moves a database by itself. */}}
{{- $other := ternary "cluster" "instance" (eq $provider "rds") }}
{{- if hasKey (default (dict) .observed.resources) $other }}
{{- fail (printf "this database is made of a %s, and the platform now says %s for environment %s: move its data to a new database first" $other $provider $environment) }}
{{- end }}
{{- $spec := $xr.spec }}
{{- $size := index $sizes ($spec.size | default "small") }}
{{- $onDelete := $spec.onDelete | default (ternary "delete" "keep" (eq (toString $spec.keepOnDelete) "false")) }}
{{- $days := $spec.backupRetentionDays | default 7 | int }}
{{- $known := dig "resources" "secret" "resource" "data" (dict) .observed }}
{{- $password := randAlphaNum 40 }}
{{- if hasKey $known "password" }}{{ $password = index $known "password" | b64dec }}{{ end }}
{{- $secret := printf "%s-database" $name }}
{{- $host := "" }}
{{- $tags := dict "tenant" (index $labels "tenant") "environment" $environment "${DATABASE_LABEL}" $name }}
{{- $own := merge (dict "app.kubernetes.io/managed-by" "${MANAGED['app.kubernetes.io/managed-by']}") $tags }}`;

const RDS = `
{{- if eq $provider "rds" }}
{{- if not $facts.securityGroup }}
{{- fail "this cluster has no security group for databases: run pulumi up and keelson outputs, and publish" }}
{{- end }}
{{- $digest := sha256sum (printf "%s/%s" $namespace $name) | trunc 8 }}
{{- $readable := regexReplaceAll "-+" (printf "%s-%s-%s" $facts.cluster $namespace $name) "-" | trunc 54 | trimSuffix "-" }}
{{- $identifier := printf "%s-%s" $readable $digest }}
{{- $gibibytes := trimSuffix "Gi" $spec.storage | int }}
{{- if hasSuffix "Ti" $spec.storage }}{{ $gibibytes = mul 1024 (trimSuffix "Ti" $spec.storage | int) }}{{ end }}
{{- $host = dig "resources" "instance" "resource" "status" "atProvider" "address" "" .observed }}
---
apiVersion: rds.aws.m.upbound.io/v1beta1
kind: Instance
metadata:
  name: database-{{ $name }}
  namespace: {{ $namespace }}
  annotations:
    gotemplating.fn.crossplane.io/composition-resource-name: instance
  labels: {{ toJson $own }}
spec:
  providerConfigRef:
    kind: ClusterProviderConfig
    name: default
  managementPolicies: {{ ternary (list "Observe" "Create" "Update" "LateInitialize") (list "*") (eq $onDelete "keep") | toJson }}
  forProvider:
    identifier: {{ $identifier }}
    region: {{ $facts.region }}
    engine: postgres
    engineVersion: {{ $spec.version | quote }}
    allowMajorVersionUpgrade: true
    autoMinorVersionUpgrade: true
    applyImmediately: true
    instanceClass: {{ $size.instanceClass }}
    allocatedStorage: {{ $gibibytes }}
    storageType: gp3
    storageEncrypted: true
    multiAz: {{ $spec.highAvailability | default false }}
    publiclyAccessible: false
    dbSubnetGroupName: {{ $facts.subnetGroup }}
    vpcSecurityGroupIds: [{{ $facts.securityGroup | quote }}]
    dbName: ${DATABASE_ROLE}
    username: ${DATABASE_ROLE}
    port: ${DATABASE_PORT}
    passwordSecretRef:
      name: {{ $secret }}
      key: password
    backupRetentionPeriod: {{ $days }}
    copyTagsToSnapshot: true
    deletionProtection: {{ eq $onDelete "keep" }}
    deleteAutomatedBackups: {{ eq $onDelete "delete" }}
    skipFinalSnapshot: {{ eq $onDelete "delete" }}
    finalSnapshotIdentifier: {{ $identifier }}-final-{{ $xr.metadata.uid | toString | trunc 8 }}
    tags: {{ toJson $tags }}
{{- end }}`;

const IN_CLUSTER = `
{{- if eq $provider "cluster" }}
{{- $host = printf "database-%s-rw.%s.svc" $name $namespace }}
{{- $class := ternary $facts.storage.kept $facts.storage.deleted (eq $onDelete "keep") }}
{{- /* The class of a volume cannot be changed: what was asked for first stays. */}}
{{- $class = dig "resources" "cluster" "resource" "spec" "storage" "storageClass" $class .observed }}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: database-{{ $name }}
  namespace: {{ $namespace }}
  annotations:
    gotemplating.fn.crossplane.io/composition-resource-name: cluster
  labels: {{ toJson $own }}
spec:
  instances: {{ ternary 2 1 ($spec.highAvailability | default false) }}
  imageCatalogRef:
    apiGroup: postgresql.cnpg.io
    kind: ClusterImageCatalog
    name: ${POSTGRES_CATALOG}
    major: {{ $spec.version | int }}
  enableSuperuserAccess: false
  inheritedMetadata:
    labels:
      ${DATABASE_LABEL}: {{ $name }}
      # Its replicas and its operator speak TLS of their own.
      istio.io/dataplane-mode: none
  bootstrap:
    initdb:
      database: ${DATABASE_ROLE}
      owner: ${DATABASE_ROLE}
      dataChecksums: true
      secret:
        name: {{ $secret }}
  postgresql:
    parameters:
      shared_buffers: {{ $size.sharedBuffers }}
    pg_hba:
      - hostnossl all all all reject
  resources:
    requests: { cpu: {{ $size.cpu | quote }}, memory: {{ $size.memory }} }
    limits: { cpu: {{ $size.cpu | quote }}, memory: {{ $size.memory }} }
  storage:
    size: {{ $spec.storage }}
    storageClass: {{ $class }}
  affinity:
    podAntiAffinityType: preferred
    topologyKey: topology.kubernetes.io/zone
{{- if $facts.storage.snapshots }}
  backup:
    target: prefer-standby
    volumeSnapshot:
      className: {{ $facts.storage.snapshots }}
      # Without an archive of its log only a stopped instance leaves a snapshot that is whole.
      online: false
      snapshotOwnerReference: backup
---
apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata:
  name: database-{{ $name }}
  namespace: {{ $namespace }}
  annotations:
    gotemplating.fn.crossplane.io/composition-resource-name: backups
    gotemplating.fn.crossplane.io/ready: "True"
    ${KEEP_DAYS}: {{ $days | quote }}
  labels: {{ toJson $own }}
spec:
  cluster:
    name: database-{{ $name }}
  method: volumeSnapshot
  # Nights, and not all databases in the same minute.
  schedule: 0 {{ mod (adler32sum (printf "%s/%s" $namespace $name) | int) 60 }} 2 * * *
  immediate: true
  # Backups outlive the database for as long as they are kept.
  backupOwnerReference: none
{{- end }}
{{- end }}`;

const STATUS = `
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ $secret }}
  namespace: {{ $namespace }}
  annotations:
    gotemplating.fn.crossplane.io/composition-resource-name: secret
    gotemplating.fn.crossplane.io/ready: {{ ternary "True" "False" (ne $host "") | quote }}
  labels: {{ merge (dict "cnpg.io/reload" "true") $own | toJson }}
type: kubernetes.io/basic-auth
data:
  username: {{ b64enc "${DATABASE_ROLE}" }}
  password: {{ b64enc $password }}
  database: {{ b64enc "${DATABASE_ROLE}" }}
  port: {{ b64enc "${DATABASE_PORT}" }}
{{- if $host }}
  host: {{ b64enc $host }}
  uri: {{ b64enc (printf "postgresql://${DATABASE_ROLE}:%s@%s:${DATABASE_PORT}/${DATABASE_ROLE}?sslmode=require" $password $host) }}
{{- end }}
---
apiVersion: ${DATABASE_GROUP}/${DATABASE_VERSION}
kind: ${DATABASE_KIND}
status:
  port: ${DATABASE_PORT}
  secretName: {{ $secret }}
{{- if $host }}
  host: {{ $host }}
{{- end }}
{{- end }}
`;
