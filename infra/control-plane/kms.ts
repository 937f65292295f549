import type { Component } from './component';
import { flag } from './flags';
import { at, directory, file, KUBERNETES } from './paths';
import type { Site, SiteHost } from './site';
import { toYaml } from './yaml';

/** Place of kube-apiserver's EncryptionConfiguration. */
export const ENCRYPTION_CONFIGURATION = `${KUBERNETES}/encryption/configuration.yaml`;
/** Resources whose values are encrypted before they reach etcd. */
const ENCRYPTED = ['secrets'];
const SOCKET_DIRECTORY = '/run/kmsplugin';
const SOCKET = `${SOCKET_DIRECTORY}/socket.sock`;
const HEALTH_PORT = 8083;

/** Encryption at rest: the API server's configuration and, where a KMS holds the key, the plug-in that asks it. */
export function encryption(site: Site, host: SiteHost): Component {
  const directories = [directory(host, `${KUBERNETES}/encryption`)];
  if (site.encryption.kind === 'key') {
    const content = { kind: 'encryption-configuration' } as const;
    return { directories, files: [file(host, ENCRYPTION_CONFIGURATION, content)], units: [] };
  }
  const { keyArn, region } = site.encryption;
  return {
    directories: [...directories, directory(host, SOCKET_DIRECTORY)],
    files: [file(host, ENCRYPTION_CONFIGURATION, kmsConfiguration(at(host, SOCKET)))],
    units: [
      {
        name: 'aws-encryption-provider',
        description: 'KMS plug-in: encrypts what the API server stores',
        program: 'aws-encryption-provider',
        flags: [
          flag('--key', keyArn, 'CIS 1.2.27: the key never leaves AWS KMS, which logs each use and rotates it'),
          flag('--region', region, 'where the key is'),
          flag('--listen', at(host, SOCKET), 'a socket that only root may open'),
          flag('--health-port', `127.0.0.1:${HEALTH_PORT}`, 'health for this machine alone'),
        ],
        user: 'root',
        after: [],
        health: { url: `http://127.0.0.1:${HEALTH_PORT}/healthz` },
        restartOn: [],
        writes: [at(host, SOCKET_DIRECTORY)],
      },
    ],
  };
}

/** No `identity` provider: from the first on every Secret is written encrypted, and what was put in clear is not read. */
function kmsConfiguration(socket: string): string {
  return toYaml({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [
      {
        resources: ENCRYPTED,
        providers: [
          { kms: { apiVersion: 'v2', name: 'aws-encryption-provider', endpoint: `unix://${socket}`, timeout: '3s' } },
        ],
      },
    ],
  });
}
