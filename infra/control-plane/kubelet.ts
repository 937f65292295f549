import type { Cluster, NodePool, Taint } from '../../src/model/cluster';
import { CONTROL_PLANE_LABEL } from '../../src/model/control-plane';
import { parseQuantity } from '../../src/model/quantity';
import { hasSandbox } from '../../src/model/sandbox';
import { bootstrapTokenParameter } from './bootstrap-token';
import type { Component, Subject } from './component';
import { ownApiServer } from './component';
import { containerd } from './containerd';
import { flag } from './flags';
import type { Flag, Host, HostFile } from './host';
import { HEALTH_PORT, kubeletConfiguration, type KubeletProps, SYSCTLS } from './kubelet-configuration';
import {
  at,
  directory,
  file,
  KUBELET_CERTIFICATE,
  KUBELET_DATA,
  KUBERNETES,
  PKI,
  publicFile,
  script,
  SCRIPTS,
} from './paths';
import { quoted } from './shell';
import type { Site, SiteHost } from './site';
import { toYaml } from './yaml';

const CONFIGURATION = `${KUBELET_DATA}/config.yaml`;
const BOOTSTRAP = `${KUBERNETES}/bootstrap-kubelet.conf`;
const CREDENTIALS = `${KUBERNETES}/kubelet.conf`;
const TOKEN = '/run/keelson/bootstrap-token';
const NETWORKD = '/etc/systemd/networkd.conf.d';
const FETCH_TOKEN = `${SCRIPTS}/fetch-bootstrap-token`;

const CONTROL_PLANE_TAINT: Taint = { key: CONTROL_PLANE_LABEL, effect: 'NoSchedule' };
/** Cores that a host of the control plane has at least, and what is kept for its units: five times what they take when idle (`npm run up` prints it). */
const CONTROL_PLANE: Omit<KubeletProps, 'labels'> = {
  cores: 2,
  pods: 30,
  system: { cpu: '1', memory: '5Gi' },
  taints: [CONTROL_PLANE_TAINT],
};

/**
 * The kubelet of a control-plane host, which keeps all Pods away but those of the network and the like: through it the
 * API server is in the Pods' network, and reaches webhooks. It speaks to the server on its own host.
 */
export function controlPlaneKubelet(subject: Subject): Component {
  const { cluster, host } = subject;
  const props = { ...CONTROL_PLANE, labels: { 'keelson.dev/pool': 'control-plane' } };
  const runtime = containerd(cluster, host, false);
  const own = kubelet(cluster, host, ownApiServer(subject), props);
  return join(runtime, own);
}

/**
 * A machine of a node pool. All machines of a pool are alike: its name is the pool's, its address is its own affair.
 * It holds no secret: it joins by a token that it fetches, and asks for its certificates.
 */
export function describeWorker(cluster: Cluster, site: Site, pool: NodePool): Host {
  const host: SiteHost = { name: pool.name, address: '', root: '' };
  const server = `https://${site.endpoint.host}:${site.endpoint.port}`;
  const runtime = containerd(cluster, host, hasSandbox(pool));
  const own = kubelet(cluster, host, server, {
    cores: wholeCores(pool.capacity.cpu),
    pods: pool.capacity.pods,
    labels: pool.labels,
    taints: pool.taints,
  });
  const { directories, files, units } = join(runtime, own);
  const base = [directory(host, KUBERNETES, '0755'), directory(host, PKI, '0755'), directory(host, SCRIPTS)];
  const trust = publicFile(host, `${PKI}/ca.crt`, { kind: 'trust', authorities: ['kubernetes'] });
  return {
    name: pool.name,
    role: 'worker',
    address: host.address,
    directories: [...base, ...directories],
    files: [trust, ...files],
    units,
  };
}

function kubelet(cluster: Cluster, host: SiteHost, server: string, props: KubeletProps): Component {
  const configuration = at(host, CONFIGURATION);
  return {
    directories: [
      directory(host, KUBELET_DATA),
      directory(host, `${KUBELET_DATA}/pki`),
      directory(host, '/run/keelson'),
      // networkd is a user of its own.
      directory(host, NETWORKD, '0755'),
    ],
    files: [
      file(host, CONFIGURATION, kubeletConfiguration(cluster, host, props)),
      file(host, BOOTSTRAP, bootstrapKubeconfig(cluster, host, server)),
      publicFile(host, '/etc/sysctl.d/90-kubelet.conf', sysctls()),
      publicFile(host, `${NETWORKD}/90-kubelet.conf`, FOREIGN_ROUTES),
      ...tokenFetcher(cluster, host),
    ],
    units: [
      {
        name: 'kubelet',
        description: 'Kubernetes node agent',
        program: 'kubelet',
        flags: kubeletFlags(cluster, host, props),
        user: 'root',
        after: ['containerd'],
        health: { url: `http://127.0.0.1:${HEALTH_PORT}/healthz` },
        restartOn: [configuration, at(host, `${PKI}/ca.crt`)],
        writes: [],
        before: at(host, FETCH_TOKEN),
      },
    ],
  };
}

function kubeletFlags(cluster: Cluster, host: SiteHost, { labels }: KubeletProps): readonly Flag[] {
  const each = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [
    flag('--config', at(host, CONFIGURATION), 'CIS 4.1.9, 4.2: everything that has a field there'),
    flag('--kubeconfig', at(host, CREDENTIALS), 'CIS 4.1.5: written by kubelet when it has a certificate'),
    flag('--bootstrap-kubeconfig', at(host, BOOTSTRAP), 'how it asks for its first certificate'),
    flag('--cert-dir', at(host, `${KUBELET_DATA}/pki`), 'where its certificates are'),
    flag('--root-dir', at(host, KUBELET_DATA), 'Pods’ volumes'),
    ...(each.length > 0 ? [flag('--node-labels', each.sort().join(','), 'what the pool says of its machines')] : []),
    ...(cluster.provider === 'aws'
      ? [flag('--cloud-provider', 'external', 'AWS’ controller names the node, its zone and addresses')]
      : []),
  ];
}

/** It names the token by path: the file itself holds no secret. */
function bootstrapKubeconfig(cluster: Cluster, host: SiteHost, server: string): string {
  const user = 'kubelet-bootstrap';
  return toYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster.name, cluster: { server, 'certificate-authority': at(host, `${PKI}/ca.crt`) } }],
    users: [{ name: user, user: { tokenFile: at(host, TOKEN) } }],
    contexts: [{ name: user, context: { cluster: cluster.name, user } }],
    'current-context': user,
  });
}

/** A machine that has its certificate needs no token any more. */
function tokenFetcher(cluster: Cluster, host: SiteHost): readonly HostFile[] {
  const text = [
    '#!/bin/sh',
    '# Fetches the token by which this machine joins, where it has no certificate yet.',
    '# Generated: an edit is undone by the next deployment.',
    'set -eu',
    'umask 077',
    `credentials=${quoted(at(host, CREDENTIALS))}`,
    `certificate=${quoted(at(host, KUBELET_CERTIFICATE))}`,
    `token=${quoted(at(host, TOKEN))}`,
    'if [ -f "$credentials" ] && openssl x509 -checkend 0 -noout -in "$certificate" > /dev/null 2>&1; then',
    '  rm -f "$token"',
    '  exit 0',
    'fi',
    'mkdir -p "$(dirname "$token")"',
    `aws ssm get-parameter --region ${quoted(cluster.region ?? '')} --name ${quoted(bootstrapTokenParameter(cluster))} --with-decryption --query Parameter.Value --output text > "$token.part"`,
    'mv "$token.part" "$token"',
    '',
  ].join('\n');
  return [script(host, FETCH_TOKEN, text)];
}

/**
 * Where systemd-networkd runs, it removes rules and routes that it did not make, such as those of Cilium, whenever it
 * reads its configuration. Source: Cilium, "AWS ENI: Node Configuration".
 */
const FOREIGN_ROUTES = '[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n';

function sysctls(): string {
  return Object.entries(SYSCTLS)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

/** Cores of a machine that offers so much of them to Pods. */
function wholeCores(cpu: string): number {
  const { value } = parseQuantity(cpu)!;
  return Math.max(1, Math.ceil(Number(value) / 1e9));
}

function join(...parts: readonly Component[]): Component {
  return {
    directories: parts.flatMap(({ directories }) => directories),
    files: parts.flatMap(({ files }) => files),
    units: parts.flatMap(({ units }) => units),
  };
}
