import { HOST_METRICS, TEXTFILE_DIRECTORY } from '../../src/model/control-plane-metrics';
import type { Component } from './component';
import type { HostFile } from './host';
import { at, script, SCRIPTS, STATE } from './paths';
import { beginning, quoted } from './shell';
import type { SiteHost } from './site';

const SCRIPT = `${SCRIPTS}/certificate-expiry`;
const HOUR = 3600;

/** Tells Prometheus when each certificate on the host ends, as it lies there: a renewal that never arrived shows. */
export function certificateExpiry(host: SiteHost, files: readonly HostFile[]): Component {
  return {
    directories: [],
    files: [script(host, SCRIPT, expiryScript(host, files))],
    units: [
      {
        name: 'certificate-expiry',
        description: 'Tells when the certificates on this host end',
        program: at(host, SCRIPT),
        flags: [],
        user: 'root',
        after: [],
        every: HOUR,
        restartOn: [],
        uses: ['openssl'],
        writes: [at(host, STATE), at(host, TEXTFILE_DIRECTORY)],
      },
    ],
  };
}

function expiryScript(host: SiteHost, files: readonly HostFile[]): string {
  return [
    ...beginning(host, 'certificate-expiry', 'Tells when the certificates on this host end.'),
    'ends() {',
    '  end=$(openssl x509 -noout -enddate -in "$3") || fail "$3 holds no certificate"',
    `  printf '${HOST_METRICS.certificate}{certificate="%s",kind="%s"} %s\\n' "$1" "$2" "$(date -d "\${end#*=}" +%s)"`,
    '}',
    '{',
    ...certificates(files).map(({ name, kind, path }) => `  ends ${quoted(name)} ${kind} ${quoted(path)}`),
    '} > "$work/ends"',
    'measured < "$work/ends"',
    '',
  ].join('\n');
}

interface Certificate {
  readonly name: string;
  readonly kind: 'leaf' | 'authority';
  readonly path: string;
}

/** One file a certificate: of an authority that stands in several, the first that holds it alone. */
function certificates(files: readonly HostFile[]): readonly Certificate[] {
  const found = new Map<string, Certificate>();
  for (const { path, content } of files) {
    if (typeof content === 'string') continue;
    const certificate: Certificate | undefined =
      content.kind === 'certificate'
        ? { name: content.certificate, kind: 'leaf', path }
        : content.kind === 'authority-certificate'
          ? { name: content.authority, kind: 'authority', path }
          : content.kind === 'trust' && content.authorities.length === 1
            ? { name: content.authorities[0]!, kind: 'authority', path }
            : undefined;
    if (certificate && !found.has(certificate.name)) found.set(certificate.name, certificate);
  }
  return [...found.values()];
}
