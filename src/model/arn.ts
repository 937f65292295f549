import type { Fault } from './fault';
import { show } from './show';

const EXAMPLE = 'an ARN such as `arn:aws:s3:::bucket/*`';

/** What stands for a fact of the environment. */
const PLACES: readonly string[] = ['account', 'region', 'environment'];

/**
 * Why the text is no ARN of something by its name. A wildcard is taken only as the last part below a name: elsewhere
 * it would reach what belongs to others.
 */
export function arnFault(text: string): Fault | undefined {
  const message = `${show(text)} is not the ARN of something by its name`;
  const place = [...text.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name).find((name) => !PLACES.includes(name));
  if (place !== undefined) {
    const fix = `write ${PLACES.map((name) => `\`{${name}}\``).join(', ')}`;
    return { message: `${message}: there is no ${show(`{${place}}`)}`, fix };
  }
  const plain = text.replace(/\{(?:account|region|environment)\}/g, '0');
  const [arn, partition = '', service = '', region = '', account = '', ...rest] = plain.split(':');
  const resource = rest.join(':');
  if (arn !== 'arn' || !/^aws(?:-[a-z]+)*$/.test(partition) || !/^[a-z0-9-]+$/.test(service) || resource === '') {
    return { message, fix: `write ${EXAMPLE}` };
  }
  if (!/^[a-z0-9-]*$/.test(region) || !/^\d*$/.test(account)) {
    return { message: `${message}: region and account must be plain`, fix: `write ${EXAMPLE}` };
  }
  const name = resource.replace(/[/:]\*$/, '');
  if (name.includes('*') || name.includes('?') || name === '') {
    return { message: `${message}: a wildcard may only be its last part, below a name`, fix: `write ${EXAMPLE}` };
  }
  return /^[\w+=,.@:/-]+$/.test(name) ? undefined : { message, fix: `write ${EXAMPLE}` };
}
