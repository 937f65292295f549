import type { Guardrail } from './guardrail';
import { CONTAINERS, WORKLOADS } from './shared/workloads';

/** What SDKs of OpenTelemetry send with all that they tell, and the header of it that says whose it is. */
const VARIABLE = 'OTEL_EXPORTER_OTLP_HEADERS';
const HEADER = 'x-scope-orgid=';

const container = (env?: readonly { readonly name: string; readonly value: string }[]) => ({
  name: 'main',
  image: 'registry.example.com/shop@sha256:0',
  ...(env === undefined ? {} : { env }),
});
const pod = (value: string) => ({ spec: { containers: [container([{ name: VARIABLE, value }])] } });

const HAS_NONE = `!has(one.env) || !one.env.exists(variable, variable.name == '${VARIABLE}')`;

export const guardrail: Guardrail = {
  name: 'telemetry-organisation',
  summary: 'What Pods tell by OpenTelemetry goes to their own namespace’s organisation',
  why: 'Traces and logs that are sent under another’s name are dropped on their way, and nobody would know why there are none; sent under no name, the team does not see them.',
  source: 'https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables',
  match: WORKLOADS,
  needs: ['opentelemetry-gateway'],
  variables: [
    ...CONTAINERS,
    {
      name: 'headers',
      expression:
        'variables.containers.map(one, (has(one.env) ? one.env : [])' +
        `.filter(variable, variable.name == '${VARIABLE}' && has(variable.value)).map(variable, variable.value.lowerAscii()))`,
    },
  ],
  validations: [
    {
      expression:
        "variables.headers.all(some, some.all(value, value.split(',').all(header, " +
        `!header.trim().startsWith('${HEADER}') || header.trim() == '${HEADER}' + request.namespace)))`,
      message: `${VARIABLE} names another namespace, whose telemetry this is not: leave ${HEADER}… out, or write the own namespace`,
    },
  ],
  mutation: {
    when: [{ name: 'says-nothing', expression: `object.spec.containers.exists(one, ${HAS_NONE})` }],
    patches: [
      {
        patchType: 'ApplyConfiguration',
        expression:
          'Object{spec: Object.spec{containers: object.spec.containers' +
          `.filter(one, ${HAS_NONE}).map(one, Object.spec.containers{name: one.name, env: [` +
          `Object.spec.containers.env{name: '${VARIABLE}', value: '${HEADER}' + request.namespace}]})}}`,
      },
    ],
  },
  examples: {
    pass: [
      { what: 'sends headers to somebody else', pod: pod('api-key=abc,x-team=shop') },
      {
        what: 'says nothing, and is given its namespace',
        pod: { spec: { containers: [container()] } },
        kinds: ['Pod'],
        unfilled: true,
        filled: { spec: { containers: [{ env: [{ name: VARIABLE }] }] } },
      },
      {
        what: 'has variables of its own, and keeps them',
        pod: { spec: { containers: [container([{ name: 'LEVEL', value: 'info' }])] } },
        kinds: ['Pod'],
        unfilled: true,
        filled: { spec: { containers: [{ env: [{ name: 'LEVEL', value: 'info' }, { name: VARIABLE }] }] } },
      },
    ],
    fail: [
      { what: 'names another namespace', pod: pod('x-scope-orgid=other-dev'), message: 'names another namespace' },
      {
        what: 'names it among others, in capitals',
        pod: pod('api-key=abc, X-Scope-OrgID=other-dev'),
        message: 'names another namespace',
      },
    ],
  },
};
