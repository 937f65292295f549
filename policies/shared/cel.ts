import type { Json } from '../../src/model/component';

/**
 * A literal of CEL. Lists and maps must hold values of one type each: Kubernetes' CEL takes no others.
 * JSON's own spelling is CEL's too.
 */
export function celValue(value: Json): string {
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** Whether the cluster's API server fills in what guardrails say (MutatingAdmissionPolicy is stable since 1.36). */
export function fillsIn({ kubernetesVersion }: { readonly kubernetesVersion: string }): boolean {
  const [major = 0, minor = 0] = kubernetesVersion.split('.').map(Number);
  return major > 1 || (major === 1 && minor >= 36);
}
