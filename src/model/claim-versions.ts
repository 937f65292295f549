import type { TenantProps } from './claim.generated';
import claimV1 from './schema/claim-v1.schema.json';
import claim from './schema/claim.schema.json';

/** One version of the claim's fields that is still read. */
export interface ClaimVersion {
  readonly apiVersion: string;
  /** JSON Schema of the whole claim. */
  readonly schema: object;
  /** Last day that it is read, as `YYYY-MM-DD`. @default - it is the current one */
  readonly until?: string;
  /** The same claim in the words of the current version. */
  readonly convert: (spec: object) => TenantProps;
}

/** The version that claims are written in, and the one before it: the first is current. docs/PLATFORM.md says for how long. */
export const CLAIM_VERSIONS: readonly [ClaimVersion, ...ClaimVersion[]] = [
  { apiVersion: claim.properties.apiVersion.const, schema: claim, convert: (spec) => spec as TenantProps },
  { apiVersion: claimV1.properties.apiVersion.const, schema: claimV1, until: '2027-11-30', convert: fromV1 },
];

/** The version that claims are written in. */
export const [CURRENT_CLAIM] = CLAIM_VERSIONS;

interface V1 {
  readonly delivery?: { readonly repository: string; readonly path?: string; readonly revision?: string };
}

/** Version 1 knew one repository, as `delivery`. */
function fromV1(spec: object): TenantProps {
  const { delivery, ...rest } = spec as V1 & TenantProps;
  if (!delivery) return rest;
  const { repository: url, ...more } = delivery;
  return { ...rest, repositories: [{ url, ...more }] };
}
