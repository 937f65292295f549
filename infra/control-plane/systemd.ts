import { flagsOf } from './flags';
import type { Host, HostFile, Unit } from './host';
import { KUBERNETES } from './paths';

const UNITS = '/etc/systemd/system';

/**
 * Where the flags of a component stand. systemd reads them there, so that these files are what decides how it runs, and
 * what an auditor's tools look at: kube-bench knows the names (CIS 1.1.1 to 1.1.8). No kubelet here reads that folder.
 */
const FLAG_FILES: Readonly<Record<string, string>> = {
  etcd: '/etc/etcd/etcd.conf',
  'kube-apiserver': `${KUBERNETES}/manifests/kube-apiserver.manifest`,
  'kube-controller-manager': `${KUBERNETES}/manifests/kube-controller-manager.manifest`,
  'kube-scheduler': `${KUBERNETES}/manifests/kube-scheduler.manifest`,
};

/** Programs that tell systemd when they are ready. */
const NOTIFYING = ['containerd', 'etcd', 'kube-apiserver', 'kubelet'];
/** Those that make Pods: they mount, change the kernel and start others, so that nothing of it can be taken from them. */
const UNCONFINED = ['containerd', 'kubelet'];
/** Where the distribution puts a program; all others are in /usr/local/bin. */
const PROGRAMS: Readonly<Record<string, string>> = { haproxy: '/usr/sbin/haproxy' };
/** Seconds that a component may take to end: an API server waits for its balancer, and then for its requests. */
const STOP_SECONDS = 120;

/** What systemd needs to run a host's units. All of it is the machine's, so it is for hosts whose root is `/`. */
export function systemdFiles(host: Host): readonly HostFile[] {
  return host.units.flatMap((unit) => [
    // CIS 4.1.1 asks for 0600 of the kubelet's; systemd reads them all as root.
    { path: `${UNITS}/${unit.name}.service`, mode: '0600', owner: 'root', content: service(unit) } as const,
    ...(unit.every === undefined ? [] : [timer(unit, unit.every)]),
    ...flagFile(unit),
  ]);
}

/** Names of what is to be enabled and started, in that order; programs that a timer runs are started by it. */
export function systemdUnits(host: Host): readonly string[] {
  return host.units.map(({ name, every }) => `${name}.${every === undefined ? 'service' : 'timer'}`);
}

function service(unit: Unit): string {
  const once = unit.every !== undefined;
  return section({
    Unit: [
      ['Description', unit.description],
      ['Wants', 'network-online.target'],
      ['After', ['network-online.target', ...unit.after.map((name) => `${name}.service`)].join(' ')],
      ...unit.writes.map((path): Setting => ['RequiresMountsFor', path]),
      // Nobody is there to start it again: it may fail as often as it likes.
      ['StartLimitIntervalSec', '0'],
    ],
    Service: [
      ['Type', once ? 'oneshot' : NOTIFYING.includes(unit.program) ? 'notify' : 'exec'],
      ['User', unit.user],
      ['Group', unit.user],
      ...(unit.before === undefined ? [] : ([['ExecStartPre', unit.before]] as const)),
      ...command(unit),
      ...(once
        ? ([
            ['Restart', 'on-failure'],
            ['RestartSec', '300'],
          ] as const)
        : ([
            ['Restart', 'always'],
            ['RestartSec', '2'],
          ] as const)),
      // A member of etcd is ready when there is a leader, which may take as long as the other hosts.
      ['TimeoutStartSec', 'infinity'],
      ['TimeoutStopSec', String(STOP_SECONDS)],
      ['LimitNOFILE', '1048576'],
      ...(once ? [] : ([['OOMScoreAdjust', '-999']] as const)),
      ...(UNCONFINED.includes(unit.program) ? unconfined() : confined(unit)),
    ],
    ...(once ? {} : { Install: [['WantedBy', 'multi-user.target']] as const }),
  });
}

function command(unit: Unit): readonly Setting[] {
  const program = unit.program.startsWith('/')
    ? unit.program
    : (PROGRAMS[unit.program] ?? `/usr/local/bin/${unit.program}`);
  const path: Setting = ['Environment', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
  const flags = FLAG_FILES[unit.name];
  if (flags) return [path, ['EnvironmentFile', flags], ['ExecStart', `${program} $FLAGS`]];
  return [path, ['ExecStart', [program, ...flagsOf(unit).map(escaped)].join(' ')]];
}

function flagFile(unit: Unit): readonly HostFile[] {
  const path = FLAG_FILES[unit.name];
  if (path === undefined) return [];
  const flags = flagsOf(unit);
  const strange = flags.find((flag) => !/^[\w./:=,@*+%~-]+$/.test(flag));
  if (strange !== undefined) {
    throw new Error(
      `${unit.name}: systemd would take \`${strange}\` apart or change it: write it without spaces, quotes and $`,
    );
  }
  return [{ path, mode: '0600', owner: 'root', content: `FLAGS="${flags.join(' ')}"\n` }];
}

function timer(unit: Unit, every: number): HostFile {
  const content = section({
    Unit: [['Description', unit.description]],
    Timer: [
      ['OnActiveSec', '60'],
      ['OnUnitInactiveSec', String(every)],
      ['RandomizedDelaySec', '30'],
      ['AccuracySec', '10'],
    ],
    Install: [['WantedBy', 'timers.target']],
  });
  return { path: `${UNITS}/${unit.name}.timer`, mode: '0600', owner: 'root', content };
}

/** Everything is read-only but what the unit writes, and nothing of the machine can be changed. Source: systemd.exec(5). */
function confined(unit: Unit): readonly Setting[] {
  return [
    ['NoNewPrivileges', 'yes'],
    ['CapabilityBoundingSet', unit.program === 'haproxy' ? 'CAP_SETUID CAP_SETGID CAP_NET_BIND_SERVICE' : ''],
    ['ProtectSystem', 'strict'],
    ...unit.writes.map(writable),
    ['ProtectHome', 'yes'],
    ['PrivateTmp', 'yes'],
    ['PrivateDevices', 'yes'],
    ['ProtectClock', 'yes'],
    ['ProtectControlGroups', 'yes'],
    ['ProtectHostname', 'yes'],
    ['ProtectKernelLogs', 'yes'],
    ['ProtectKernelModules', 'yes'],
    ['ProtectKernelTunables', 'yes'],
    ['ProtectProc', 'invisible'],
    ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX'],
    ['RestrictNamespaces', 'yes'],
    ['RestrictRealtime', 'yes'],
    ['RestrictSUIDSGID', 'yes'],
    ['LockPersonality', 'yes'],
    // Scripts call programs in other languages, some of which make code as they run.
    ...(unit.program.startsWith('/') ? [] : ([['MemoryDenyWriteExecute', 'yes']] as const)),
    ['RemoveIPC', 'yes'],
    ['SystemCallArchitectures', 'native'],
    ['SystemCallFilter', '@system-service'],
    ['RuntimeDirectoryMode', '0700'],
    ['UMask', '0077'],
  ];
}

/** What is below /run is gone after a restart of the machine: systemd makes it anew. */
function writable(path: string): Setting {
  return path.startsWith('/run/') ? ['RuntimeDirectory', path.slice('/run/'.length)] : ['ReadWritePaths', path];
}

/** Its containers outlive it and have cgroups of their own. Source: containerd and kubelet, their own units. */
function unconfined(): readonly Setting[] {
  return [
    ['Delegate', 'yes'],
    ['KillMode', 'process'],
    ['TasksMax', 'infinity'],
    ['LimitNPROC', 'infinity'],
    ['LimitCORE', 'infinity'],
  ];
}

type Setting = readonly [name: string, value: string];

function section(sections: Readonly<Record<string, readonly Setting[]>>): string {
  return Object.entries(sections)
    .map(([name, settings]) => [`[${name}]`, ...settings.map(([key, value]) => `${key}=${value}`), ''].join('\n'))
    .join('\n');
}

/** A word of a command line as systemd reads it: `%` and `$` would be replaced. */
function escaped(word: string): string {
  const text = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /[\s"'\\;]/.test(text) ? `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : text;
}
