/** Why a check of kube-bench's `cis-1.12` does not simply pass wherever a control plane runs. */
export type CisReason =
  /** Looks at absolute paths or owners: passes where a host is a machine of its own, laid out as root. */
  | 'machine'
  /** Looks at a kubelet: passes on a machine that runs one. */
  | 'kubelet'
  /** Cannot pass, or is left unmet on purpose: `why` says what holds instead. */
  | 'unmet'
  /** kube-bench leaves it to people: `why` says what they find. */
  | 'people';

/** Checks and what is to say of them. */
export interface CisException {
  readonly ids: readonly string[];
  readonly reason: CisReason;
  readonly why: string;
}

/**
 * Every check that kube-bench does not pass in each form of a control plane; all others pass everywhere. Measured with
 * kube-bench 0.15.6 and its own configuration: on folders without root, and on `/` as root. Run it in a directory
 * without files called *etcd*: 1.1.7 and 1.1.8 leave a pattern to the shell.
 */
export const CIS_EXCEPTIONS: readonly CisException[] = [
  {
    ids: ['1.1.1', '1.1.2', '1.1.3', '1.1.4', '1.1.5', '1.1.6', '1.1.7', '1.1.8'],
    reason: 'machine',
    why: 'The files that systemd reads the flags from stand where a machine has them; a supervisor of folders is told them directly.',
  },
  {
    ids: ['1.1.12'],
    reason: 'machine',
    why: 'Only root can give the data of etcd to the user etcd.',
  },
  {
    ids: ['1.1.13', '1.1.14', '1.1.15', '1.1.16', '1.1.17', '1.1.18', '1.1.19', '1.1.20', '1.1.21'],
    reason: 'machine',
    why: 'They look below /etc/kubernetes, and for files of root.',
  },
  {
    ids: ['4.1.1', '4.1.2', '4.1.5', '4.1.6', '4.1.7', '4.1.8', '4.1.9', '4.1.10'],
    reason: 'kubelet',
    why: 'Files that a machine with a kubelet has.',
  },
  {
    ids: [
      ...['4.2.1', '4.2.2', '4.2.3', '4.2.4', '4.2.5', '4.2.6', '4.2.7', '4.2.8'],
      ...['4.2.10', '4.2.11', '4.2.12', '4.2.13', '4.2.14'],
    ],
    reason: 'kubelet',
    why: 'They ask for a process of that name and read its configuration. Simulated nodes have neither.',
  },
  {
    ids: ['4.3.1', '4.1.3', '4.1.4'],
    reason: 'unmet',
    why: 'There is no kube-proxy: Cilium does its work. The scored 4.3.1 fails where it finds no process.',
  },
  {
    ids: ['1.2.1'],
    reason: 'unmet',
    why: '`--anonymous-auth` may not be set beside an authentication configuration, and that says more: anonymous is who asks for /livez, /readyz and /healthz, as load balancers do.',
  },
  {
    ids: ['1.2.11'],
    reason: 'unmet',
    why: 'AlwaysPullImages makes every start of a Pod depend on its registry. Kubelets check before a private image is reused that the Pod may pull it (`imagePullCredentialsVerificationPolicy`), which is what the item is for.',
  },
  {
    ids: ['1.1.9', '1.1.10'],
    reason: 'unmet',
    why: 'They look for a flag that kubelet lost with dockershim, and for files of host-local; Cilium keeps neither.',
  },
  {
    ids: ['4.2.9'],
    reason: 'unmet',
    why: 'Kubelets have no certificate in a file of their configuration: they ask for one, and renew it (`serverTLSBootstrap`).',
  },
  {
    ids: ['1.2.20', '3.1.1', '3.1.2', '3.1.3', '3.2.2'],
    reason: 'people',
    why: 'A minute a request; people sign in by the issuer, whose groups all bindings name; tokens to join are of machines; the audit policy keeps metadata of secrets, and bodies of changes.',
  },
  {
    ids: [
      ...[
        '5.1.1',
        '5.1.2',
        '5.1.3',
        '5.1.4',
        '5.1.5',
        '5.1.6',
        '5.1.7',
        '5.1.8',
        '5.1.9',
        '5.1.10',
        '5.1.11',
        '5.1.12',
      ],
      ...[
        '5.1.13',
        '5.2.1',
        '5.2.2',
        '5.2.3',
        '5.2.4',
        '5.2.5',
        '5.2.6',
        '5.2.7',
        '5.2.8',
        '5.2.9',
        '5.2.10',
        '5.2.11',
      ],
      ...['5.2.12', '5.3.1', '5.3.2', '5.4.1', '5.4.2', '5.5.1', '5.6.1', '5.6.2', '5.6.3', '5.6.4'],
    ],
    reason: 'people',
    why: 'They judge what runs in a cluster, and none is scored: what add-ons and tenants get is proved where they are rendered.',
  },
];

/** The ids with one of these reasons. */
export function cisChecks(...reasons: readonly CisReason[]): readonly string[] {
  return CIS_EXCEPTIONS.filter(({ reason }) => reasons.includes(reason)).flatMap(({ ids }) => ids);
}
