import type { AlertReceiverProps } from '../../claim.generated';
import type { PlatformProps } from '../../platform.generated';
import type { AlertReceiver } from '../../slices';
import { formats } from '../../formats';
import type { Claimant, FieldPath } from './claimant';

const SEVERITIES = ['critical', 'warning'] as const;

/** What Slack takes for a channel: `#` and a name, or the channel's ID. */
const CHANNEL = /^(#[a-z0-9][a-z0-9_-]{0,79}|[CGD][A-Z0-9]{8,})$/;

/** Who is told of alerts. Without a word of the tenant's it is the owner by mail, where the platform has a mail server. */
export function receiversOf(claimant: Claimant, platform: PlatformProps): readonly AlertReceiver[] {
  const { alertReceivers, owner } = claimant.props;
  const claimed: readonly AlertReceiverProps[] = alertReceivers ?? (platform.mail ? [{ type: 'email' }] : []);
  return claimed.map((one, index) => {
    checkReceiver(claimant, one, ['alertReceivers', index], platform);
    return {
      type: one.type,
      ...(one.type === 'email' ? { to: one.to ?? owner.email } : one.to === undefined ? {} : { to: one.to }),
      ...(one.secret === undefined ? {} : { secret: one.secret }),
      severities: SEVERITIES.filter((severity) => one.severities?.includes(severity) ?? true),
    };
  });
}

/** Tells every fault of one receiver: an alert that reaches nobody is worse than none. */
function checkReceiver(claimant: Claimant, one: AlertReceiverProps, at: FieldPath, platform: PlatformProps): void {
  const { type, to, secret } = one;
  if (type === 'email' && !platform.mail) {
    claimant.fault([...at, 'type'], {
      rule: 'mail',
      value: type,
      message: 'the platform has no mail server, so that no alert can be sent by mail',
      fix: 'name a receiver of type slack, pagerduty or webhook, or ask the platform team for `mail` in platform.ts',
    });
  }
  if (type === 'email' && secret !== undefined) {
    claimant.fault([...at, 'secret'], {
      rule: 'receiver',
      value: secret,
      message: 'mails are sent by the platform, which needs no secret of the tenant for them',
      fix: 'leave `secret` out',
    });
  }
  if (type !== 'email' && secret === undefined) {
    claimant.fault([...at, 'secret'], {
      rule: 'required',
      message: `where ${type} takes alerts is a secret, and none is named`,
      fix: `write the key in the tenant's store that holds it, such as alerts/${type}`,
    });
  }
  const mail = type === 'email' && to !== undefined ? formats['email']?.check(to) : undefined;
  if (mail) {
    const fix = mail.fix ?? 'write an address such as `payments@example.com`';
    claimant.fault([...at, 'to'], { rule: 'format', value: to, message: mail.message, fix });
  }
  if (type === 'slack' && !CHANNEL.test(to ?? '')) {
    claimant.fault([...at, 'to'], {
      rule: to === undefined ? 'required' : 'format',
      ...(to === undefined ? {} : { value: to }),
      message: to === undefined ? 'no channel is named' : `\`${to}\` is not the name of a channel`,
      fix: 'write it with its sign and in small letters, such as `#payments-alerts`, or write its ID',
    });
  }
  if ((type === 'pagerduty' || type === 'webhook') && to !== undefined) {
    claimant.fault([...at, 'to'], {
      rule: 'receiver',
      value: to,
      message: `${type} takes its address from the secret, so that \`to\` would say nothing`,
      fix: 'leave `to` out',
    });
  }
}
