import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Programs that a machine in AWS has and a test must not run; each writes down how it was called. */
const FAKES: Readonly<Record<string, string>> = {
  aws: `case "$1 $2" in
  "s3 cp") shift 2; while [ "\${1#s3://}" = "$1" ]; do [ "$1" = --region ] && shift; shift; done
    cp "$WORLD/s3/\${1#s3://}" "$2" 2>/dev/null || { echo "404 $1" >&2; exit 1; } ;;
  "secretsmanager get-secret-value") base64 -w 0 "$WORLD/secret" || exit 1; echo ;;
  "ssm get-parameter") while [ "$1" != --name ]; do shift; done; cat "$WORLD/parameters$2" || exit 1 ;;
  "ssm put-parameter") while [ "$1" != --name ]; do shift; done; name=$2; while [ "$1" != --value ]; do shift; done
    cat "\${2#file://}" > "$WORLD/parameters$name" ;;
  *) exit 64 ;;
esac`,
  blkid: '[ -e "$WORLD/blkid" ] && exit "$(cat "$WORLD/blkid")"; exit 2',
  curl: `case "$*" in
  *api/token*) echo token ;;
  *local-hostname*) echo ip-10-0-0-10.eu-central-1.compute.internal ;;
  *) [ ! -e "$WORLD/ill" ] ;;
esac`,
  dnf: 'shift 3; for package; do touch "$WORLD/packages/$package"; done',
  etcdctl: '[ ! -e "$WORLD/member-ill" ]',
  hostname: 'cat "$WORLD/hostname"',
  hostnamectl: 'echo "$2" > "$WORLD/hostname"',
  'mkfs.ext4': 'echo 0 > "$WORLD/blkid"',
  mount: 'touch "$WORLD/mounted"',
  mountpoint: '[ -e "$WORLD/mounted" ]',
  rpm: '[ -e "$WORLD/packages/$2" ]',
  systemctl: '[ "$1" != is-active ] || [ -e "$WORLD/active" ]',
  useradd: ':',
};

/** Programs of which nobody asks how they were called. */
const SILENT = ['chown', 'sysctl'];

/** How a script ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder that stands for a machine, and a small world around it. */
export class FakeMachine {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'keelson-machine-'));
  readonly root = path.join(this.folder, 'root');
  readonly world = path.join(this.folder, 'world');

  /** An empty machine, or one that is as another is now. */
  constructor(like?: FakeMachine) {
    if (like) {
      cpSync(like.folder, this.folder, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
      return;
    }
    const programs = path.join(this.folder, 'bin');
    for (const each of [this.root, `${this.root}/run`, programs, `${this.world}/packages`])
      mkdirSync(each, { recursive: true });
    this.put('hostname', 'localhost\n');
    this.put('log', '');
    for (const name of SILENT) symlinkSync('/bin/true', path.join(programs, name));
    for (const [name, does] of Object.entries(FAKES)) {
      const file = path.join(programs, name);
      // Questions that change nothing are not worth a line.
      const log = ['hostname', 'mountpoint', 'rpm', 'curl', 'blkid', 'etcdctl'].includes(name)
        ? ''
        : `echo "${name} $*" >> "$WORLD/log"\n`;
      writeFileSync(file, `#!/bin/bash\n${log}${does}\n`);
      chmodSync(file, 0o755);
    }
  }

  /** Puts something into the world: an object under `s3/`, a parameter under `parameters/`, or the machine's secret. */
  put(name: string, content: string | Buffer): void {
    const file = path.join(this.world, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  /** Takes something out of the world. */
  take(name: string): void {
    rmSync(path.join(this.world, name), { force: true });
  }

  /** What the world holds under that name. */
  look(name: string): string {
    return readFileSync(path.join(this.world, name), 'utf8');
  }

  attach(volume: string): void {
    const file = this.path(`/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume.replace('-', '')}`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '');
  }

  /** Runs a script of the machine's own, or one that is handed to it. */
  run(script: string, ...args: readonly string[]): Ran {
    const given = script.startsWith('#!') || script.includes('\n');
    const file = given ? path.join(this.folder, 'script') : this.path(script);
    if (given) writeFileSync(file, script);
    const { status, stdout, stderr } = spawnSync('bash', [file, ...args], {
      encoding: 'utf8',
      timeout: 60_000,
      env: {
        PATH: `${path.join(this.folder, 'bin')}:${process.env.PATH}`,
        WORLD: this.world,
        KEELSON_ROOT: this.root,
        KEELSON_WAIT: '1',
        KEELSON_TRIES: '1',
        KEELSON_PAUSE: '0',
      },
    });
    return { code: status ?? -1, stdout, stderr };
  }

  /** What was called since the last time that somebody asked. */
  calls(): readonly string[] {
    const lines = this.look('log').split('\n').filter(Boolean);
    this.put('log', '');
    return lines;
  }

  path(file: string): string {
    return path.join(this.root, file);
  }

  has(file: string): boolean {
    return existsSync(this.path(file));
  }

  read(file: string): string {
    return readFileSync(this.path(file), 'utf8');
  }

  /** Permission bits in octal, and the time of the last change. */
  stat(file: string): { readonly mode: string; readonly changed: number } {
    const { mode, mtimeMs } = statSync(this.path(file));
    return { mode: `0${(mode & 0o7777).toString(8)}`, changed: mtimeMs };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
