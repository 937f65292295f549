import type { Cluster } from '../../src/model/cluster';
import { CONTROL_PLANE_LABEL } from '../../src/model/control-plane';
import { bootstrapTokenKey, bootstrapTokenParameter } from './bootstrap-token';
import type { Component, Subject } from './component';
import { ownApiServer } from './component';
import { kubeconfig } from './kubeconfig';
import { at, file, KUBELET_CERTIFICATE, KUBERNETES, PKI, publicFile, script, SCRIPTS, STATE } from './paths';
import { hostCertificate, JOIN_OPERATOR_USER } from './pki';
import { beginning, quoted } from './shell';
import type { Site } from './site';

const CREDENTIALS = `${KUBERNETES}/join-operator.conf`;
const MINT = `${SCRIPTS}/mint-bootstrap-token`;
const APPROVE = `${SCRIPTS}/approve-nodes`;
const LABEL = `${SCRIPTS}/label-node`;
/** A token lives for an hour and is replaced after half of it: one that was just read is good for 30 minutes. */
const TOKEN_SECONDS = 3600;
const MINT_SECONDS = TOKEN_SECONDS / 2;
/** A machine waits as long for its certificate at most. */
const APPROVE_SECONDS = 10;
/** What waits for the label is the cloud's controller and the passing on of metrics. */
const LABEL_SECONDS = 30;

/** Group that a token puts its bearer in. */
export const JOINING_GROUP = 'system:bootstrappers:keelson';

/** Whether machines join by tokens: simulated nodes do not. */
export function joinsByToken(cluster: Cluster, site: Site): boolean {
  return !site.sharedMachine && cluster.provider === 'aws';
}

/** How machines join: by a token that a timer mints, and a certificate that is approved for an instance that is there. */
export function joining(subject: Subject): Component {
  const { cluster, site, host } = subject;
  if (!joinsByToken(cluster, site)) return { directories: [], files: [], units: [] };
  const certificate = hostCertificate(host.name, 'join-operator');
  const pki = (name: string) => at(host, `${PKI}/${name}`);
  const credentials = kubeconfig({
    cluster: cluster.name,
    server: ownApiServer(subject),
    user: JOIN_OPERATOR_USER,
    trust: pki('ca.crt'),
    certificate: pki('join-operator.crt'),
    key: pki('join-operator.key'),
  });
  const unit = (name: string, description: string, program: string, every: number, uses: readonly string[]) => ({
    name,
    description,
    program: at(host, program),
    flags: [],
    user: 'root' as const,
    after: ['kube-apiserver'],
    every,
    restartOn: [],
    uses: ['kubectl', 'aws', ...uses],
    writes: [at(host, STATE)],
  });
  return {
    directories: [],
    files: [
      publicFile(host, `${PKI}/join-operator.crt`, { kind: 'certificate', certificate }),
      file(host, `${PKI}/join-operator.key`, { kind: 'key', certificate }),
      file(host, CREDENTIALS, credentials),
      script(host, MINT, mintScript(subject)),
      script(host, APPROVE, approveScript(subject)),
      script(host, LABEL, labelScript(subject)),
    ],
    units: [
      unit('mint-bootstrap-token', 'Mints the token by which machines join', MINT, MINT_SECONDS, []),
      unit('approve-nodes', 'Approves machines that join', APPROVE, APPROVE_SECONDS, ['openssl']),
      unit('label-node', 'Says of this host’s node that it is of the control plane', LABEL, LABEL_SECONDS, ['openssl']),
    ],
  };
}

function kube({ host }: Subject): string {
  return `kube() { kubectl --kubeconfig=${quoted(at(host, CREDENTIALS))} --request-timeout=20s "$@"; }`;
}

/** Secrets go by files: arguments can be read by everybody on the machine. */
function mintScript(subject: Subject): string {
  const { cluster, host } = subject;
  return [
    ...beginning(
      host,
      'mint-bootstrap-token',
      'Mints the token by which machines join, and puts it where they find it.',
    ),
    kube(subject),
    '',
    'random() { head -c 4096 /dev/urandom | LC_ALL=C tr -dc a-z0-9 | head -c "$1"; }',
    'id=$(random 6)',
    'secret=$(random 16)',
    `expires=$(date -u -d "+${TOKEN_SECONDS} seconds" +%Y-%m-%dT%H:%M:%SZ)`,
    'cat > "$work/secret.yaml" << END',
    'apiVersion: v1',
    'kind: Secret',
    'metadata: { name: bootstrap-token-$id, namespace: kube-system }',
    'type: bootstrap.kubernetes.io/token',
    'stringData:',
    '  token-id: "$id"',
    '  token-secret: "$secret"',
    '  expiration: "$expires"',
    '  usage-bootstrap-authentication: "true"',
    `  auth-extra-groups: ${JOINING_GROUP}`,
    'END',
    'kube create --filename="$work/secret.yaml" > "$work/log" 2>&1 || fail "$(tail -n 3 "$work/log")"',
    'cat > "$work/parameter.json" << END',
    `{ "Name": "${bootstrapTokenParameter(cluster)}", "Type": "SecureString", "KeyId": "${bootstrapTokenKey(cluster)}", "Overwrite": true, "Value": "$id.$secret" }`,
    'END',
    `aws ssm put-parameter --region ${quoted(cluster.region ?? '')} --cli-input-json "file://$work/parameter.json" > "$work/log" 2>&1 || fail "$(tail -n 3 "$work/log")"`,
    'echo "$name: bootstrap-token-$id, until $expires"',
    '',
  ].join('\n');
}

/**
 * A token says that somebody may join, not as whom: the name in the request must be that of one running instance of
 * this cluster that is no node yet. Whoever holds a token can thus not become a node that is there.
 */
function approveScript(subject: Subject): string {
  const { cluster, host } = subject;
  const query = [
    `Name=tag:kubernetes.io/cluster/${cluster.name},Values=owned`,
    'Name=instance-state-name,Values=pending,running',
  ];
  return [
    ...beginning(host, 'approve-nodes', 'Approves requests of machines for the certificate of the node that they are.'),
    kube(subject),
    `cluster=${quoted(cluster.name)}`,
    '',
    `kube get certificatesigningrequests --field-selector=spec.signerName=kubernetes.io/kube-apiserver-client-kubelet --output=jsonpath='{range .items[*]}{.metadata.name}{" "}{.spec.username}{" "}{.status.conditions[*].type}{"\\n"}{end}' > "$work/requests"`,
    'while read -r request user decided; do',
    '  [ -z "$decided" ] || continue',
    '  case "$user" in system:bootstrap:*) ;; *) continue ;; esac',
    '  kube get certificatesigningrequest "$request" --output=jsonpath="{.spec.request}" < /dev/null | base64 -d > "$work/request.pem"',
    '  subject=$(openssl req -noout -subject -nameopt RFC2253 -in "$work/request.pem")',
    '  subject=${subject#subject=}',
    '  node=${subject#CN=system:node:}',
    '  node=${node%,O=system:nodes}',
    '  if [ "$subject" != "CN=system:node:$node,O=system:nodes" ] || ! echo "$node" | grep -Eq "^[a-z0-9][a-z0-9.-]*$"; then',
    '    echo "$name: $request asks to be $subject: left alone" >&2',
    '    continue',
    '  fi',
    '  if [ -n "$(kube get node "$node" --ignore-not-found --output=name < /dev/null)" ]; then',
    '    echo "$name: $request asks to be $node, which is there: left alone" >&2',
    '    continue',
    '  fi',
    `  instances=$(aws ec2 describe-instances --region ${quoted(cluster.region ?? '')} --filters "Name=private-dns-name,Values=$node" ${query.map(quoted).join(' ')} --query 'Reservations[].Instances[].InstanceId' --output text < /dev/null)`,
    // One word: none, or several, would be somebody else's.
    '  if ! echo "$instances" | grep -Eq "^i-[0-9a-f]+$"; then',
    '    echo "$name: $request asks to be $node, but no instance of $cluster has that name: left alone" >&2',
    '    continue',
    '  fi',
    '  kube certificate approve "$request" < /dev/null > /dev/null',
    '  echo "$name: $request is $node, instance $instances"',
    'done < "$work/requests"',
    '',
  ].join('\n');
}

/**
 * A kubelet may not give its own node a label of Kubernetes (NodeRestriction), or any worker could be of the control
 * plane. Which node is this host's, its kubelet's certificate says; until there is one, there is nothing to do.
 */
function labelScript(subject: Subject): string {
  const { host } = subject;
  return [
    ...beginning(host, 'label-node', 'Says of the node of this host that it is of the control plane.'),
    kube(subject),
    `certificate=${quoted(at(host, KUBELET_CERTIFICATE))}`,
    '',
    '[ -f "$certificate" ] || exit 0',
    'subject=$(openssl x509 -in "$certificate" -noout -subject -nameopt RFC2253)',
    'node=${subject#subject=CN=system:node:}',
    'node=${node%,O=system:nodes}',
    '[ "$subject" = "subject=CN=system:node:$node,O=system:nodes" ] || fail "$certificate is of no node: $subject"',
    `labels=$(kube get node "$node" --ignore-not-found --output=jsonpath='{.metadata.name} {.metadata.labels}')`,
    // Nothing: it has its certificate, and has not said yet that it is there.
    `case "$labels" in '' | *'"${CONTROL_PLANE_LABEL}":'*) exit 0 ;; esac`,
    `kube label node "$node" ${CONTROL_PLANE_LABEL}= > /dev/null`,
    'echo "$name: $node is of the control plane"',
    '',
  ].join('\n');
}

/** What its user may do, as objects: the bootstrap applies them first of all, and lets nothing else approve machines. */
export function joiningAccess(): readonly object[] {
  const api = 'rbac.authorization.k8s.io';
  const operator = { kind: 'User', apiGroup: api, name: JOIN_OPERATOR_USER };
  const minter = 'keelson:bootstrap-token-minter';
  const approver = 'keelson:node-approver';
  return [
    {
      apiVersion: `${api}/v1`,
      kind: 'Role',
      metadata: { name: minter, namespace: 'kube-system' },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['create'] }],
    },
    {
      apiVersion: `${api}/v1`,
      kind: 'RoleBinding',
      metadata: { name: minter, namespace: 'kube-system' },
      roleRef: { apiGroup: api, kind: 'Role', name: minter },
      subjects: [operator],
    },
    {
      apiVersion: `${api}/v1`,
      kind: 'ClusterRole',
      metadata: { name: approver },
      rules: [
        { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests'], verbs: ['get', 'list'] },
        { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/approval'], verbs: ['update'] },
        {
          apiGroups: ['certificates.k8s.io'],
          resources: ['signers'],
          resourceNames: ['kubernetes.io/kube-apiserver-client-kubelet'],
          verbs: ['approve'],
        },
        { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'patch'] },
      ],
    },
    {
      apiVersion: `${api}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: approver },
      roleRef: { apiGroup: api, kind: 'ClusterRole', name: approver },
      subjects: [operator],
    },
  ];
}
