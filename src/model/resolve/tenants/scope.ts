import type { TenantProps } from '../../claim.generated';
import { compareText } from '../../finding';
import type { PlatformProps } from '../../platform.generated';

/** Whether something of a claim is for an environment: it is for all where it names none. */
export function isIn(one: { readonly environments?: readonly string[] }, environment: string): boolean {
  return one.environments === undefined || one.environments.includes(environment);
}

/** Names of a tenant's environments, in code-unit order: those of its claim, or all that are not production ones. */
export function environmentNames(props: TenantProps, platform: PlatformProps): readonly string[] {
  const names = props.environments
    ? Object.keys(props.environments)
    : Object.keys(platform.environments).filter((name) => !platform.environments[name]?.production);
  return names.sort(compareText);
}
