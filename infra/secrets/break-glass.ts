import { publicFacts } from './report';
import { readSigner } from './contents';
import { BREAK_GLASS_ENTRY } from './entries';
import { X509Certificate } from 'node:crypto';
import { requireState } from './state';
import { SecretStoreError, type SecretStore } from './store';
import { issueLeaf, type Identity } from './x509';

/** Longest life of a certificate in `system:masters`, in minutes: nothing revokes it. */
export const LONGEST_BREAK_GLASS = 60;

/** Who asks, why, and for how long. */
export interface BreakGlassRequest {
  /** Stands in the audit file and in the certificate's name, hence in the API server's audit log. */
  readonly who: string;
  readonly reason: string;
  /** From 1 to 60. */
  readonly minutes: number;
}

/**
 * A client certificate in `system:masters`, made in memory and valid for minutes. No standing
 * credential stands anywhere: whoever can read the kubernetes authority's key can make one, and nobody else. Every one
 * is a line of the store's audit file (time, who, reason, fingerprint), written before it is given out.
 * Rejects with a `SecretStoreError` where a reason is missing or the time is too long.
 */
export function breakGlass(store: SecretStore, request: BreakGlassRequest, now: Date): Promise<Identity> {
  const { who, reason, minutes } = request;
  const faults = [
    ...(/^[A-Za-z0-9@._-]{1,40}$/.test(who)
      ? []
      : ['`who` must be up to 40 letters, digits and @._-: write who you are']),
    ...(reason.trim() ? [] : ['`reason` is empty: write why no other way is left']),
    ...(Number.isInteger(minutes) && minutes >= 1 && minutes <= LONGEST_BREAK_GLASS
      ? []
      : [`\`minutes\` is ${minutes}: write a whole number from 1 to ${LONGEST_BREAK_GLASS}`]),
  ];
  if (faults.length > 0) return Promise.reject(new SecretStoreError(`break-glass: ${faults.join('; ')}`));
  return store.exclusively(async () => {
    const { current } = (await requireState(store)).authorities.kubernetes;
    const issuer = await readSigner(store, 'kubernetes', current);
    const subject = { commonName: `keelson:break-glass:${who}`, organization: 'system:masters' };
    const made = await issueLeaf({ subject, dnsNames: [], addresses: [], usages: ['client'] }, minutes, issuer, now);
    const facts = publicFacts(new X509Certificate(made.certificate));
    const line = JSON.stringify({ time: now.toISOString(), who, reason: reason.trim(), ...facts });
    const before = (await store.read(BREAK_GLASS_ENTRY))?.toString('utf8') ?? '';
    await store.write(BREAK_GLASS_ENTRY, `${before}${line}\n`);
    return made;
  });
}
