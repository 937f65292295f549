import type { EngineSource } from './source';

/** A way to an engine that is not at hand. */
export type EngineRoute = 'release' | 'debian' | 'go';

/** `downloading` comes about once a second, `waiting` once; a route ends with `done` or `failed`. */
export type EngineState = 'start' | 'downloading' | 'waiting' | 'done' | 'failed';

/** Names of the routes as a person reads them. */
export const ROUTES: Readonly<Record<EngineRoute, string>> = {
  release: 'release',
  debian: 'Debian package',
  go: 'Go module',
};

/** What changes from one event of an engine to the next. */
export interface EngineEvent {
  /** @default - none was chosen yet */
  readonly route?: EngineRoute;
  readonly state: EngineState;
  /** Bytes that are there: of the download while it lasts, of the program with its folder when it is done. @default - unknown */
  readonly bytes?: number;
  /** Bytes of the whole download. @default - the server does not say */
  readonly total?: number;
  /** Since this engine was asked for. */
  readonly milliseconds?: number;
  /** The event in words, without the engine's name. */
  readonly message: string;
}

/** Something happened on the way to an engine that was not at hand. As text (`String(event)`) it is one line. */
export class EngineProgress implements EngineEvent {
  readonly route?: EngineRoute;
  readonly state!: EngineState;
  readonly bytes?: number;
  readonly total?: number;
  readonly milliseconds!: number;
  readonly message!: string;

  constructor(
    readonly engine: string,
    readonly version: string,
    event: EngineEvent & { readonly milliseconds: number },
  ) {
    Object.assign(this, event);
  }

  toString(): string {
    return `${this.engine} ${this.version}: ${this.message}`;
  }
}

/** Told what happens on the way to an engine. */
export type OnProgress = (event: EngineProgress) => void;

/** Tells `onProgress` what happens to one engine, with the time since now. */
export function reporter(name: string, source: EngineSource, onProgress: OnProgress): (event: EngineEvent) => void {
  const started = Date.now();
  return (event) =>
    onProgress(
      new EngineProgress(name, source.version, { ...event, milliseconds: event.milliseconds ?? Date.now() - started }),
    );
}

/** A number of bytes as a person reads it, such as `98.0 MiB`. */
export function sizeText(bytes: number): string {
  const mebibytes = bytes / 1024 ** 2;
  return mebibytes < 1024 ? `${mebibytes.toFixed(1)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}
