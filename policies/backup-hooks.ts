import type { Guardrail } from './guardrail';
import { POD_SPEC, WORKLOADS } from './shared/workloads';

/** Annotations by which a Pod says how long Velero waits for its command; the last is the first's older name. */
const TIMEOUTS = ['pre', 'post'].map((when) => `${when}.hook.backup.velero.io/timeout`);
const ALL = [...TIMEOUTS, 'hook.backup.velero.io/timeout'];

/** The longest wait for one command. Unless it is told otherwise, Velero waits half of it. */
const LONGEST = '1m';

const pod = (annotations: Readonly<Record<string, string>>) => ({
  annotations: { 'pre.hook.backup.velero.io/command': '["/bin/flush"]', ...annotations },
  spec: { containers: [{ name: 'main', image: 'registry.example.com/shop@sha256:0' }] },
});

export const guardrail: Guardrail = {
  name: 'backup-hooks',
  summary: 'A command of a Pod’s before or after its backup takes a minute at the most',
  why: 'Velero makes one backup at a time and waits for the commands that Pods ask for: one that sleeps for a week leaves all other tenants without a backup for a week.',
  source: 'https://velero.io/docs/main/backup-hooks/',
  match: WORKLOADS,
  excludes: [],
  needs: ['velero'],
  variables: POD_SPEC,
  validations: [
    {
      expression: `${JSON.stringify(ALL)}.all(key, !(key in variables.podAnnotations) || duration(variables.podAnnotations[key]) <= duration('${LONGEST}'))`,
      message: `Velero waits ${LONGEST} at the most for a command of a Pod's: write a shorter time, such as 30s`,
    },
  ],
  examples: {
    pass: [
      { what: 'says no time', pod: pod({}) },
      ...ALL.map((key) => ({ what: `says a short time as ${key}`, pod: pod({ [key]: '45s' }), kinds: ['Pod'] })),
    ],
    fail: ALL.map((key) => ({
      what: `would have all wait, by ${key}`,
      pod: pod({ [key]: '168h' }),
      message: 'waits 1m at the most',
    })),
  },
};
