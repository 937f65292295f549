import type { JsonObject } from '../src/model/component';
import type { ExampleObject, Guardrail } from './guardrail';

const service = (spec: JsonObject): ExampleObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'example' },
  spec: { selector: { 'app.kubernetes.io/name': 'web' }, ports: [{ port: 443 }], ...spec },
});

export const guardrail: Guardrail = {
  name: 'service-addresses',
  summary: 'A Service takes no address by naming it',
  why: 'Every machine sends what goes to an external address of a Service to that Service: whoever names an address of another tenant’s, of the API server or of a place outside gets what everybody sends there (CVE-2020-8554).',
  source: 'https://kubernetes.io/docs/concepts/services-networking/service/#external-ips',
  match: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['services'], operations: ['CREATE', 'UPDATE'] }],
  excludes: [],
  validations: [
    {
      expression: '!has(object.spec.externalIPs) || size(object.spec.externalIPs) == 0',
      message: 'a Service gets its addresses and names none: leave `externalIPs` out',
    },
  ],
  examples: {
    pass: [
      { what: 'names no address', object: service({}) },
      { what: 'has an empty list', object: service({ externalIPs: [] }) },
    ],
    fail: [
      { what: 'takes an address', object: service({ externalIPs: ['192.0.2.7'] }), message: 'leave `externalIPs` out' },
      {
        what: 'comes to take one',
        object: service({ externalIPs: ['192.0.2.7'] }),
        old: service({}),
        message: 'leave `externalIPs` out',
      },
    ],
  },
};
