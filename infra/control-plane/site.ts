/** One machine of the control plane as its place gives it. */
export interface SiteHost {
  readonly name: string;
  readonly address: string;
  /** Folder that stands for `/` of this host: empty on a machine of its own. Every path and flag is put below it. */
  readonly root: string;
  /**
   * True while its member of etcd has been added to a running cluster and has no data yet: it must not found a
   * cluster. Once it has started the flags that say so are ignored. @default - it starts with the others, or again
   */
  readonly joining?: boolean;
}

/** All that differs between the places that a control plane runs in. Plain data. */
export interface Site {
  /** Hosts of the control plane, one, three or five, each with a member of etcd. */
  readonly hosts: readonly SiteHost[];
  /** Where clients find the API: the load balancer. */
  readonly endpoint: {
    /** Address or DNS name. */
    readonly host: string;
    readonly port: number;
  };
  /** A host that balances by HAProxy. @default - the place has a balancer of its own */
  readonly loadBalancer?: SiteHost;
  /** What encrypts secrets at rest: a key in the secret store, or a KMS plugin's socket. */
  readonly encryption:
    { readonly kind: 'key' } | { readonly kind: 'kms'; readonly keyArn: string; readonly region: string };
  /** Where snapshots of etcd and audit logs go: storage that the hosts' loss does not touch. */
  readonly offCluster:
    | { readonly kind: 'folder'; readonly path: string }
    | { readonly kind: 's3'; readonly bucket: string; readonly region: string };
  /** URL that signs for service-account tokens; public where clouds must trust them. */
  readonly serviceAccountIssuer: string;
  /**
   * True where hosts share one machine: loopback ports then differ by host (the first keeps the standard ones), and
   * the Service `kubernetes` gets no endpoints, since a loopback address may not be one.
   */
  readonly sharedMachine: boolean;
}
