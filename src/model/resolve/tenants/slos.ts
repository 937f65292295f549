import { compareText } from '../../finding';
import type { TenantSlo } from '../../slices';
import type { Claimant } from './claimant';

/** Labels that say whose a series is: the platform sets them, whatever a claim asks for. */
const OWN = ['namespace', 'tenant', 'environment'];

/** What JavaScript's expressions have and RE2's, which Prometheus takes, have not. */
const NOT_RE2 = /\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</;

/** What stands for text that is none: Prometheus refuses a rule that holds it, and all others of the file with it. */
const NO_TEXT = /[\ud800-\udfff\ufffd]/u;

/** The tenant's objectives, in code-unit order of their names. */
export function slosOf(claimant: Claimant): readonly TenantSlo[] {
  return Object.entries(claimant.props.slos ?? {})
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, { objective, days = 30, metric, labels = {}, bad }]) => {
      checkLabels(claimant, name, 'labels', labels);
      checkLabels(claimant, name, 'bad', bad);
      for (const [label, expression] of Object.entries(bad)) checkExpression(claimant, name, label, expression);
      return { name, objective, days, metric, labels: sorted(labels), bad: sorted(bad) };
    });
}

type Labels = Readonly<Record<string, string>>;

function checkLabels(claimant: Claimant, slo: string, field: 'labels' | 'bad', labels: Labels): void {
  for (const label of Object.keys(labels).filter((one) => OWN.includes(one) || one.startsWith('__'))) {
    claimant.fault(['slos', slo, field, label], {
      rule: 'label',
      value: labels[label],
      message: `\`${label}\` is set by the platform: an objective is about the tenant's own series anyway`,
      fix: 'leave it out',
    });
  }
  for (const [label, value] of Object.entries(labels).filter(([, text]) => NO_TEXT.test(text))) {
    claimant.fault(['slos', slo, field, label], {
      rule: 'text',
      value,
      message: 'holds a character that stands for text which could not be read',
      fix: 'write the character that was meant',
    });
  }
}

/** A rule that Prometheus cannot parse would be refused with all others of the environment. */
function checkExpression(claimant: Claimant, slo: string, label: string, expression: string): void {
  let fault = NOT_RE2.test(expression) ? 'looks around or back, which Prometheus cannot' : undefined;
  try {
    new RegExp(`^(?:${expression})$`, 'u');
    if (new RegExp(`^(?:${expression})$`).test('')) {
      fault ??= 'matches an empty text too, so that every event without the label would be bad';
    }
  } catch {
    fault ??= 'is not a regular expression';
  }
  if (fault === undefined) return;
  claimant.fault(['slos', slo, 'bad', label], {
    rule: 'expression',
    value: expression,
    message: `\`${expression}\` ${fault}`,
    fix: 'write one as RE2 has it, such as `5..` or `error|timeout`',
  });
}

function sorted(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => compareText(a, b)));
}
