import type { HostDirectory, HostFile, Material, Owner } from './host';
import type { SiteHost } from './site';

/** A path of a machine of its own, as it is on this host. */
export function at(host: SiteHost, path: string): string {
  return host.root + path;
}

/** A file that its owner alone may read: everything is, unless others need it. */
export function file(host: SiteHost, path: string, content: string | Material, owner: Owner = 'root'): HostFile {
  return { path: at(host, path), mode: '0600', owner, content };
}

/** A file without secrets that the other user reads too. */
export function publicFile(host: SiteHost, path: string, content: string | Material, owner: Owner = 'root'): HostFile {
  return { ...file(host, path, content, owner), mode: '0644' };
}

/** A script that the host runs. */
export function script(host: SiteHost, path: string, content: string): HostFile {
  return { ...file(host, path, content), mode: '0700' };
}

export function directory(host: SiteHost, path: string, mode = '0700', owner: Owner = 'root'): HostDirectory {
  return { path: at(host, path), mode, owner };
}

/** The places that kubeadm uses: tools, people and kube-bench look for things there. */
export const KUBERNETES = '/etc/kubernetes';
/** Keys and certificates of what runs as root; all of it is owned by root (CIS 1.1.19). */
export const PKI = '/etc/kubernetes/pki';
export const ETCD_PKI = '/etc/etcd/pki';
export const ETCD_DATA = '/var/lib/etcd';
export const KUBELET_DATA = '/var/lib/kubelet';
/** The kubelet's client certificate and key; it replaces the file itself. */
export const KUBELET_CERTIFICATE = `${KUBELET_DATA}/pki/kubelet-client-current.pem`;
/** Programs of Keelson's own. */
export const SCRIPTS = '/usr/local/libexec/keelson';
/** What scripts keep between runs. */
export const STATE = '/var/lib/keelson';
