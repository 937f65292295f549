import { hostScript } from './host-bundle';

/** What AWS takes, in bytes before they are encoded. Source: EC2, "Run commands at launch". */
export const USER_DATA_LIMIT = 16_384;

/** What a machine is told about itself. Nothing of it is secret. */
export interface MachineFacts {
  readonly region: string;
  readonly bundleBucket: string;
  readonly bundleKey: string;
  readonly bundleSha256: string;
  /** Parameter with the certificates that machines of pools trust; hosts of the control plane write it. */
  readonly trustParameter: string;
  /** File that the parameter is written from. @default - the machine reads the parameter */
  readonly trustFile?: string;
  /** Name of the secret that only this host reads. @default - it has none */
  readonly secretId?: string;
  /** Id of the volume that etcd's data is on. @default - it has none */
  readonly volume?: string;
  /** Where that volume is mounted. */
  readonly volumePath?: string;
}

const NAMES: Readonly<Record<keyof MachineFacts, string>> = {
  region: 'REGION',
  bundleBucket: 'BUNDLE_BUCKET',
  bundleKey: 'BUNDLE_KEY',
  bundleSha256: 'BUNDLE_SHA256',
  trustParameter: 'TRUST_PARAMETER',
  trustFile: 'TRUST_FILE',
  secretId: 'SECRET_ID',
  volume: 'VOLUME',
  volumePath: 'VOLUME_PATH',
};

/**
 * The script that cloud-init runs at a machine's first boot. Throws where a fact could be read as more than a word by
 * the shell, and where the script is too long for AWS.
 */
export function userData(facts: MachineFacts): string {
  const lines = (Object.keys(NAMES) as (keyof MachineFacts)[]).flatMap((key) => {
    const value = facts[key];
    if (value === undefined) return [];
    if (!/^[\w./:-]+$/.test(value)) throw new Error(`'${value}' cannot be a machine's ${key}: it is no plain word`);
    return [`${NAMES[key]}=${value}`];
  });
  const text = [
    '#!/bin/bash',
    'set -euo pipefail',
    `mkdir -p "\${KEELSON_ROOT:-}/etc/keelson"`,
    `cat > "\${KEELSON_ROOT:-}/etc/keelson/machine.env" <<'FACTS'`,
    ...lines,
    'FACTS',
    '# shellcheck source=/dev/null',
    `. "\${KEELSON_ROOT:-}/etc/keelson/machine.env"`,
    hostScript('user-data').replace('@LAY@', () => hostScript('lay').trimEnd()),
  ].join('\n');
  const size = Buffer.byteLength(text);
  if (size <= USER_DATA_LIMIT) return text;
  throw new Error(`user data is ${size} bytes, and AWS takes ${USER_DATA_LIMIT}: move what can wait into the bundle`);
}
