import { setTimeout as sleep } from 'node:timers/promises';
import type { Operated } from '../../../infra/local/operator';
import { figuresLine } from './drill';
import { Load, type Figures } from './load';
import { copyPlatform, type PlatformCopy } from './platform-copy';

/** Failures that are shown; a broken cluster has thousands. */
const SHOWN = 5;

/** A local cluster of three control-plane hosts, with clients that write all the time. */
export class ThreeHosts {
  readonly hosts = ['control-plane-1', 'control-plane-2', 'control-plane-3'] as const;

  private constructor(
    readonly copy: PlatformCopy,
    readonly prefix: string,
    public load: Load,
  ) {}

  /** Brings it up on `<prefix>.10` and the addresses after it. */
  static async start(prefix: string): Promise<ThreeHosts> {
    const copy = await copyPlatform({ addresses: `${prefix}.0/24` });
    const up = await copy.keelson('up', copy.cluster, '--hosts', '3');
    if (up.code !== 0) {
      await copy.remove();
      throw new Error(`${up.stdout}${up.stderr}`);
    }
    say(`up: ${up.seconds.toFixed(1)} s`);
    return new ThreeHosts(copy, prefix, await Load.start(() => copy.client()));
  }

  /** What a command needs to ask etcd. */
  get operated(): Operated {
    const members = this.hosts.map((name, i) => ({ name, address: `${this.prefix}.${11 + i}` }));
    const { cluster, place } = this.copy;
    return { cluster, directory: place, endpoint: { host: `${this.prefix}.10`, port: 6443 }, members };
  }

  /**
   * Has something happen while clients write, and prints the figures with what it gives. Then nothing may have failed
   * that was tried again, and no write that was acknowledged may be missing.
   */
  async drill(name: string, happens: () => Promise<Readonly<Record<string, string>>>): Promise<Figures> {
    await sleep(1_000);
    this.load.begin();
    const more = await happens();
    await sleep(1_000);
    const figures = this.load.figures();
    say(figuresLine(name, figures, more));
    expect(figures.errors.slice(0, SHOWN)).toEqual([]);
    expect(figures.acknowledged).toBeGreaterThan(0);
    expect((await this.load.lost()).slice(0, SHOWN)).toEqual([]);
    return figures;
  }

  /** A command on the cluster, which must end well. Gives its seconds as text. */
  async command(...args: readonly string[]): Promise<string> {
    const { code, seconds, stdout, stderr } = await this.copy.keelson(...args);
    if (code !== 0) throw new Error(`keelson ${args.join(' ')}: ended with ${code}: ${stdout}${stderr}`);
    return `${seconds.toFixed(1)} s`;
  }

  async stop(): Promise<void> {
    await this.load.stop();
    await this.copy.remove();
  }
}

/** One line for whoever reads the test's output. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
