import type { Flag } from './host';
import { flag } from './flags';

/**
 * Suites of TLS 1.2 with forward secrecy and authenticated encryption, by Go's names; those of TLS 1.3 are not chosen.
 * All are on the lists of CIS 1.2.29 and CIS 4.2.12.
 */
export const CIPHER_SUITES: readonly string[] = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
];

/** Lowest version that Kubernetes' servers speak. */
export const TLS_VERSION = 'VersionTLS12';

/** The TLS flags that Kubernetes' servers share. */
export function tlsFlags(): readonly Flag[] {
  return [
    flag('--tls-min-version', TLS_VERSION, 'TLS 1.0 and 1.1 are withdrawn (RFC 8996)'),
    flag('--tls-cipher-suites', CIPHER_SUITES.join(','), 'CIS 1.2.29: strong suites only; those of TLS 1.3 always are'),
  ];
}
