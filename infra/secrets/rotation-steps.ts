import type { Host, Material } from '../control-plane/host';
import {
  KUBELET_CERTIFICATE_DAYS,
  SERVICE_ACCOUNT_TOKEN_HOURS,
  type IntermediateName,
  type PkiPlan,
} from '../control-plane/pki';
import type { RotationKind } from './state';

/**
 * What must be true before a step, beyond that the step before it is rolled out. Somebody confirms it; those with
 * `hours` come true by themselves so long after that.
 */
export interface Need {
  readonly name: 'clients-updated' | 'issuer-published' | 'kubelets-renewed' | 'secrets-rewritten' | 'tokens-expired';
  /** For a person: what to do or to wait for. */
  readonly text: string;
  /** @default - it never comes true by itself */
  readonly hours?: number;
}

/**
 * One step of a rotation: a change of the store after which hosts get their files and restart what reads them, one by
 * one, in any order. While they do, hosts of before and after the step accept each other.
 */
export interface RotationStep {
  readonly name: 'add' | 'use' | 'drop' | 'renew';
  /** For a person. */
  readonly text: string;
  /** @default - only that the step before it is rolled out */
  readonly need?: Need;
  /** Tells whether a host's file has other content afterwards. */
  readonly changes: (material: Material, plan: PkiPlan) => boolean;
}

/** Which files of a host a step changes, and which of its units read them at start only. */
export interface HostRollOut {
  readonly host: string;
  readonly files: readonly string[];
  /** In the order in which they start. */
  readonly units: readonly string[];
}

/** The steps of a rotation, in order. */
export function rotationSteps(kind: RotationKind): readonly RotationStep[] {
  switch (kind) {
    case 'leaves':
      return [
        {
          name: 'renew',
          text: 'every leaf is made anew by the authorities that sign now',
          changes: ({ kind }) => kind === 'certificate' || kind === 'key',
        },
      ];
    case 'root':
      return [
        {
          name: 'renew',
          // Nothing that runs asks for the root: hosts trust intermediates, whose keys and names stay as they are.
          text: 'a new root certifies the keys of all intermediates; leaves stay as they are',
          changes: ({ kind }) => kind === 'trust' || kind === 'self-signed-trust' || kind === 'authority-certificate',
        },
      ];
    case 'service-account-keys':
      return serviceAccountSteps();
    case 'encryption-key':
      return encryptionSteps();
    default:
      return authoritySteps(kind);
  }
}

/** What a step's roll-out is, host by host; hosts that it does not touch are left out. */
export function rollOutOf(step: RotationStep, plan: PkiPlan, hosts: readonly Host[]): readonly HostRollOut[] {
  return hosts
    .map((host) => {
      const changed = host.files.filter(({ content }) => typeof content !== 'string' && step.changes(content, plan));
      const files = changed.map(({ path }) => path);
      const units = host.units.filter(({ restartOn }) => restartOn.some((path) => files.includes(path)));
      return { host: host.name, files, units: units.map(({ name }) => name) };
    })
    .filter(({ files }) => files.length > 0);
}

function authoritySteps(authority: IntermediateName): readonly RotationStep[] {
  const trusts = (material: Material) =>
    (material.kind === 'trust' || material.kind === 'self-signed-trust') && material.authorities.includes(authority);
  return [
    { name: 'add', text: `a second generation of ${authority} is trusted beside the first`, changes: trusts },
    {
      name: 'use',
      text: `${authority} signs with its second generation: its leaves are made anew`,
      ...(authority === 'kubernetes' ? { need: CLIENTS_UPDATED } : {}),
      changes: (material, plan) =>
        ((material.kind === 'authority-certificate' || material.kind === 'authority-key') &&
          material.authority === authority) ||
        ((material.kind === 'certificate' || material.kind === 'key') &&
          plan.certificates.some((leaf) => leaf.name === material.certificate && leaf.authority === authority)),
    },
    {
      name: 'drop',
      text: `the first generation of ${authority} is trusted no more, and its key removed`,
      ...(authority === 'kubelet' ? { need: KUBELETS_RENEWED } : {}),
      changes: trusts,
    },
  ];
}

function serviceAccountSteps(): readonly RotationStep[] {
  const verifies = ({ kind }: Material) => kind === 'service-account-verification-keys';
  return [
    { name: 'add', text: 'tokens of a second key are accepted', changes: verifies },
    {
      name: 'use',
      text: 'tokens are signed by the second key',
      need: ISSUER_PUBLISHED,
      changes: ({ kind }) => kind === 'service-account-signing-key',
    },
    {
      name: 'drop',
      text: 'tokens of the first key are accepted no more; publish the issuer documents again',
      need: TOKENS_EXPIRED,
      changes: verifies,
    },
  ];
}

function encryptionSteps(): readonly RotationStep[] {
  const changes = ({ kind }: Material) => kind === 'encryption-configuration';
  return [
    { name: 'add', text: 'every API server can read what a second key encrypts', changes },
    { name: 'use', text: 'secrets are written with the second key', changes },
    { name: 'drop', text: 'the first key is forgotten', need: SECRETS_REWRITTEN, changes },
  ];
}

const CLIENTS_UPDATED: Need = {
  name: 'clients-updated',
  text:
    'whoever checks the API server or its calls with a copy of the trust has the new one: kubeconfigs that were given ' +
    'out, kubelets of workers (clientCAFile), and Pods that read the ConfigMap kube-root-ca.crt at start only',
};
const ISSUER_PUBLISHED: Need = {
  name: 'issuer-published',
  text: 'the issuer documents with both keys are public, where clouds trust this issuer',
};
const KUBELETS_RENEWED: Need = {
  name: 'kubelets-renewed',
  text: 'every kubelet has client and serving certificates of the second generation',
  hours: KUBELET_CERTIFICATE_DAYS * 24,
};
const TOKENS_EXPIRED: Need = {
  name: 'tokens-expired',
  text: 'no token of the first key is used any more',
  hours: SERVICE_ACCOUNT_TOKEN_HOURS,
};
const SECRETS_REWRITTEN: Need = {
  name: 'secrets-rewritten',
  text: 'every Secret was written again, so that none is encrypted by the first key',
};
