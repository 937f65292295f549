/**
 * Where one engine comes from. In every text, `{version}` is the version, `{major}`, `{minor}` and `{patch}` its parts,
 * `{os}` is `linux` or `darwin`, `{arch}` is `amd64` or `arm64`, and `{x64}` is `x64` or `arm64`.
 */
export interface EngineSource {
  /** Version without a leading `v`. */
  readonly version: string;
  /** Whether any later version does as well. @default - exactly this version */
  readonly orLater?: boolean;
  /** Whether it is a part of Kubernetes, so that a cluster's version decides. @default - no */
  readonly ofKubernetes?: boolean;
  /** Arguments that make the program print its version. */
  readonly versionArguments: readonly string[];
  /** What a person installs where no route works. */
  readonly install: string;
  /** What lies in the program's folder besides it, without which it is not whole. @default - nothing */
  readonly companions?: readonly string[];
  /** The project's own release. @default - the project publishes none that runs alone */
  readonly release?: ReleaseSource;
  /** The Go module that the same program is built from. @default - not a Go program */
  readonly go?: GoSource;
  /** Packages of Debian and Ubuntu. @default - none */
  readonly debian?: DebianSource;
}

/** An official release: one file over https and the digest that its publisher gives. */
export interface ReleaseSource {
  readonly url: string;
  /** A lone SHA-256 digest, a list of `digest  file` lines, or GitHub's description of a release. */
  readonly digestUrl: string;
  /** Path inside the archive. @default - the download is the program itself */
  readonly archived?: string;
  /** Whether all else in the program's folder of the archive comes along. @default - only the program */
  readonly wholeFolder?: boolean;
  /** Systems that the release covers. @default - linux and darwin */
  readonly systems?: readonly string[];
}

/** How `go build` makes the program from published modules alone. */
export interface GoSource {
  readonly module: string;
  /** Version of the module. @default - `v{version}` */
  readonly version?: string;
  /** Main package; its program is the engine. */
  readonly package: string;
  /** Version that stands in for replacements by folders of the project's own repository. @default - they are dropped */
  readonly localReplacements?: string;
  /** Values set by the linker, by full variable name. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Build tags. @default - none */
  readonly tags?: readonly string[];
  /** Folders of the module that the program reads: copied beside it. @default - none */
  readonly folders?: readonly string[];
  /** A C library that is linked in; a C compiler is needed then. @default - Go alone */
  readonly library?: CLibrary;
}

/** A library for C: as `pkg-config` names it, and the Debian packages that hold its headers and archive. */
export interface CLibrary {
  readonly name: string;
  readonly packages: readonly string[];
}

/** A program as Debian's and Ubuntu's packages give it. */
export interface DebianSource {
  /** Packages that hold the program; what they depend on comes along where the machine lacks it. */
  readonly packages: readonly string[];
  /** Path of the program in them, without a leading slash. */
  readonly program: string;
}

/** The machine as release names spell it. */
export function platformName(): { os: string; arch: string } {
  return { os: process.platform, arch: process.arch === 'x64' ? 'amd64' : process.arch };
}

/** Fills version and machine into every text of a source. Throws where the version is none. */
export function filled(source: EngineSource, version = source.version): EngineSource {
  const parts = /^(\d+)\.(\d+)(?:\.(\d+))?$/.exec(version);
  if (!parts) throw new Error(`'${version}' is not a version: write numbers such as ${source.version}`);
  const { os, arch } = platformName();
  const x64 = arch === 'amd64' ? 'x64' : arch;
  const values = { version, major: parts[1], minor: parts[2], patch: parts[3] ?? '0', os, arch, x64 };
  const text = JSON.stringify({ ...source, version }).replace(
    /\{(\w+)\}/g,
    (whole, key: string) => values[key as keyof typeof values] ?? whole,
  );
  return JSON.parse(text) as EngineSource;
}
