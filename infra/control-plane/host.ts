/**
 * What a host of the control plane consists of, as plain data: the generator makes it, and each place (`local`,
 * `aws`) turns it into processes or into systemd units. Nothing here is secret: secrets are named, never held.
 */

/** Who owns a file and runs a unit. Where a place runs without root, both are the user that runs it. */
export type Owner = 'root' | 'etcd';

/** A certificate authority. Each is an intermediate of its own under `root`; trust files hold the ones they mean. */
export type AuthorityName = 'root' | 'etcd' | 'etcd-peer' | 'kubernetes' | 'kubelet' | 'front-proxy';

/**
 * What the secret store holds or makes for a host, by name.
 * - `certificate`, `key`: a leaf's PEM chain and its private key, by the leaf's name in the PKI plan;
 * - `trust`: the certificates of just these authorities, old and new ones while one is rotated;
 * - `self-signed-trust`: the same in the form for clients that follow a chain to its end (see `AuthorityPlan.selfSigned`);
 * - `authority-key`, `authority-certificate`: an authority's own, for what signs in the cluster;
 * - `service-account-signing-key`, `service-account-verification-keys`: the key that signs tokens, and all that still hold;
 * - `encryption-configuration`: kube-apiserver's EncryptionConfiguration with its keys.
 */
export type Material =
  | { readonly kind: 'certificate' | 'key'; readonly certificate: string }
  | { readonly kind: 'trust'; readonly authorities: readonly AuthorityName[] }
  | { readonly kind: 'self-signed-trust'; readonly authorities: readonly AuthorityName[] }
  | { readonly kind: 'authority-key' | 'authority-certificate'; readonly authority: AuthorityName }
  | { readonly kind: 'service-account-signing-key' | 'service-account-verification-keys' }
  | { readonly kind: 'encryption-configuration' };

/** A file of a host. */
export interface HostFile {
  /** Absolute path on the host; below the host's folder where it is not a machine of its own. */
  readonly path: string;
  /** Permission bits in octal, such as `0600`. */
  readonly mode: string;
  readonly owner: Owner;
  /** Text, or what the secret store puts there. */
  readonly content: string | Material;
}

/** A directory of a host that must be there before its units start. */
export interface HostDirectory {
  readonly path: string;
  readonly mode: string;
  readonly owner: Owner;
}

/** One command-line flag and the reason for it. */
export interface Flag {
  /** With its leading dashes, such as `--profiling`. */
  readonly name: string;
  /** @default - the flag stands alone */
  readonly value?: string;
  /** The CIS item (`CIS 1.2.1`), Kubernetes document or measured fact that asks for it. */
  readonly why: string;
  /** True where only the very first start reads it: a change restarts nothing. @default - every start does */
  readonly firstStart?: boolean;
}

/** How one asks a running unit whether it is well: an HTTP GET that must answer 200. */
export interface HealthCheck {
  readonly url: string;
  /** Path of the trust file that its certificate is checked against. @default - plain http on loopback */
  readonly trust?: string;
}

/** A long-running process or, with a schedule, a program that a timer runs. */
export interface Unit {
  /** Name of the systemd unit without its suffix, and of the log. */
  readonly name: string;
  readonly description: string;
  /** An engine by its program's name, or the absolute path of a script among the host's files. */
  readonly program: string;
  readonly flags: readonly Flag[];
  readonly user: Owner;
  /** Units that must have been started before. */
  readonly after: readonly string[];
  /** @default - it is well while it runs */
  readonly health?: HealthCheck;
  /** Seconds from the end of one run to the next; the program then ends by itself. @default - it runs for ever */
  readonly every?: number;
  /** Paths of files that it reads at start only: a change of one needs a restart. */
  readonly restartOn: readonly string[];
  /** Path of a script that must have succeeded before each start. @default - none */
  readonly before?: string;
  /** Programs that it calls by their names: they must be on its PATH. @default - none */
  readonly uses?: readonly string[];
  /** Directories that it may write to; systemd makes everything else read-only. */
  readonly writes: readonly string[];
}

/** One host: what lies on it and what runs on it. */
export interface Host {
  readonly name: string;
  readonly role: 'control-plane' | 'worker' | 'load-balancer';
  /** Address that other hosts reach it by. */
  readonly address: string;
  readonly directories: readonly HostDirectory[];
  readonly files: readonly HostFile[];
  /** In the order in which they start. */
  readonly units: readonly Unit[];
}
