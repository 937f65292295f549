import path from 'node:path';

/** Where everything of one local cluster lies; all of it is below one folder, which `down` removes. */
export interface Place {
  readonly directory: string;
  /** The secret store. */
  readonly secrets: string;
  /** Storage off the cluster: snapshots of etcd and audit logs. Survives the hosts, not `down`. */
  readonly storage: string;
  /** Supervisor of the hosts' supervisors. */
  readonly machine: string;
  readonly kubeconfig: string;
  /** Which hosts have a member of etcd with data. */
  readonly members: string;
  /** Folder that stands for `/` of a host. */
  root(host: string): string;
  /** Folder of a host's supervisor. */
  supervisor(host: string): string;
}

/** The place of a cluster below the platform's folder. */
export function localPlace(root: string, cluster: string): Place {
  const directory = path.join(path.resolve(root), '.keelson', 'local', cluster);
  return placeAt(directory);
}

/** The place that a folder is. */
export function placeAt(directory: string): Place {
  const below = (...names: string[]): string => path.join(directory, ...names);
  return {
    directory,
    secrets: below('secrets'),
    storage: below('storage'),
    machine: below('machine'),
    kubeconfig: below('kubeconfig'),
    members: below('members.json'),
    root: (host) => below('hosts', host, 'root'),
    supervisor: (host) => below('hosts', host),
  };
}
