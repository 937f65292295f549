import type { Guardrail } from './guardrail';
import { POD_SPEC, WORKLOADS } from './shared/workloads';

/** The most that Kubernetes waits for a Pod that is told to stop, in seconds. A database of the platform's may take half. */
const LONGEST = 3600;

const pod = (terminationGracePeriodSeconds?: number) => ({
  spec: {
    ...(terminationGracePeriodSeconds === undefined ? {} : { terminationGracePeriodSeconds }),
    containers: [{ name: 'main', image: 'registry.example.com/shop@sha256:0' }],
  },
});

export const guardrail: Guardrail = {
  name: 'stopping-time',
  summary: 'A Pod that is told to stop has stopped within an hour',
  why: 'Kubernetes kills a Pod when the time has passed that it asks for itself. One that asks for years runs on after its tenant is suspended, and holds a machine that is to be emptied, for whoever else is on it.',
  source: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination',
  match: WORKLOADS,
  excludes: [],
  variables: POD_SPEC,
  validations: [
    {
      expression: `!has(variables.podSpec.terminationGracePeriodSeconds) || variables.podSpec.terminationGracePeriodSeconds <= ${LONGEST}`,
      message: `a Pod stops within ${LONGEST} seconds: lower \`terminationGracePeriodSeconds\``,
    },
  ],
  examples: {
    pass: [
      { what: 'says nothing', pod: pod() },
      { what: 'takes as long as it may', pod: pod(LONGEST) },
    ],
    fail: [{ what: 'would run on for years', pod: pod(315_360_000), message: 'a Pod stops within 3600 seconds' }],
  },
};
