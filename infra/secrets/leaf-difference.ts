import type { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { CertificatePlan, CertificateUsage } from '../control-plane/pki';

/** Source: RFC 5280, 4.2.1.12. */
const USAGES: Readonly<Record<CertificateUsage, string>> = {
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
};

/** Tells what of a leaf is not as planned; undefined where all is. */
export function leafDifference(plan: CertificatePlan, found: X509Certificate): string | undefined {
  const { commonName, organization } = plan.subject;
  const subject = [...(organization ? [`O=${organization}`] : []), `CN=${commonName}`].join('\n');
  if (found.subject !== subject) return 'its subject is not as planned';
  const usages = plan.usages.map((usage) => USAGES[usage]);
  if (!sameTexts(found.keyUsage ?? [], usages)) return 'its usages are not as planned';
  const names = found.subjectAltName?.split(', ') ?? [];
  const of = (prefix: string) => names.filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length));
  if (!sameTexts(of('DNS:'), plan.dnsNames)) return 'its DNS names are not as planned';
  if (sameTexts(of('IP Address:').map(shortest), plan.addresses.map(shortest))) return undefined;
  return 'its addresses are not as planned';
}

/** Node spells out all of an IPv6 address. */
function shortest(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname : address;
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());
}
