import { setTimeout as sleep } from 'node:timers/promises';
import * as pulumi from '@pulumi/pulumi';
import { getInstances } from '@pulumi/aws/ssm';
import { type AwsScope, child } from './scope';

/** Milliseconds between two looks, and how many there are: a machine registers within minutes of its start. */
const PAUSE = 10_000;
const LOOKS = 90;

/**
 * The id of a machine, once Systems Manager knows it. An association that is made before counts as successful at once,
 * since it finds nobody to run on. A preview changes nothing and does not wait.
 */
export function registered(scope: AwsScope, id: pulumi.Output<string>): pulumi.Output<string> {
  const known = async (machine: string): Promise<boolean> => {
    const filters = [{ name: 'InstanceIds', values: [machine] }];
    return (await getInstances({ filters }, child(scope))).ids.includes(machine);
  };
  return id.apply(async (machine) => {
    if (!pulumi.runtime.isDryRun()) await untilKnown(machine, known);
    return machine;
  });
}

/** Rejects where the machine is not known in time. */
export async function untilKnown(
  machine: string,
  known: (machine: string) => Promise<boolean>,
  pause = PAUSE,
): Promise<void> {
  for (let look = 1; !(await known(machine)); look += 1) {
    if (look === LOOKS) {
      throw new Error(
        `${machine} has not registered with Systems Manager, so that nobody can ask whether it is well: see its ` +
          `system log by \`aws ec2 get-console-output --instance-id ${machine}\`, and replace it`,
      );
    }
    await sleep(pause);
  }
}
