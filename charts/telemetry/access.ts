import type { JsonObject } from '../component';

/** Header that names the namespace whose data is asked for: Loki and Tempo call it so, and believe it. */
export const NAMESPACE_HEADER = 'X-Scope-OrgID';

/** One kind of data, and how a question about it is let through. */
export interface Access {
  /** Port that Grafana asks on. */
  readonly port: number;
  /** Loopback port of the process that asks the API server whether somebody may. */
  readonly authorizer: number;
  /** Where an allowed question goes. */
  readonly upstream: string;
  /** What somebody must be allowed to `get` in the namespace. */
  readonly right: { readonly apiGroup?: string; readonly resource: string; readonly subresource?: string };
  /** Paths that only read, and only what the header names. */
  readonly paths: readonly string[];
}

/** Loopback port of the process that puts the namespace into every PromQL selector. */
export const LABEL_PROXY_PORT = 8081;
const LABEL_PROXY = `http://127.0.0.1:${LABEL_PROXY_PORT}/`;

/**
 * Whoever may see in the Kubernetes API how much a namespace's Pods use may ask for their metrics; whoever may read
 * their logs there, for what Loki and Tempo keep of it.
 */
export const ACCESS: Readonly<Record<'metrics' | 'logs' | 'traces', Access>> = {
  metrics: {
    port: 9091,
    authorizer: 8441,
    upstream: LABEL_PROXY,
    right: { apiGroup: 'metrics.k8s.io', resource: 'pods' },
    paths: [
      ...['query', 'query_range', 'query_exemplars', 'labels', 'series', 'rules', 'alerts'].map(
        (name) => `/api/v1/${name}`,
      ),
      '/api/v1/label/[a-zA-Z_][a-zA-Z0-9_]*/values',
    ],
  },
  logs: {
    port: 3100,
    authorizer: 8442,
    upstream: 'http://loki-gateway.loki.svc/',
    right: { resource: 'pods', subresource: 'log' },
    paths: [
      ...['query', 'query_range', 'labels', 'series', 'tail', 'patterns', 'detected_labels', 'detected_fields'].map(
        (name) => `/loki/api/v1/${name}`,
      ),
      '/loki/api/v1/index/(stats|volume|volume_range)',
      '/loki/api/v1/(label|detected_field)/[a-zA-Z_][a-zA-Z0-9_]*/values',
    ],
  },
  traces: {
    port: 3200,
    authorizer: 8443,
    upstream: 'http://tempo.tempo.svc:3200/',
    right: { resource: 'pods', subresource: 'log' },
    paths: [
      '/api/echo',
      '/api/status/buildinfo',
      '/api(/v2)?/traces/[0-9a-fA-F]+',
      '/api/search',
      '/api(/v2)?/search/tags',
      '/api(/v2)?/search/tag/[^/]+/values',
      '/api/metrics/query(_range)?',
    ],
  },
};

/** A DNS label, as namespaces are named: not two of them, as Loki takes with a `|` between them. */
const NAMESPACE = '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$';

/** Port of the front's own health, which asks nobody. */
export const HEALTH_PORT = 8404;

/**
 * What every question passes first. Grafana sends the access token of whoever is signed in, which the API server may
 * not know, and beside it the ID token, which it does. Only reading and only one namespace at a time goes on; what
 * could make two programs read a request in two ways is refused.
 */
export function frontConfiguration(address = ''): string {
  const sections = Object.entries(ACCESS).flatMap(([name, { port, authorizer, paths }]) => [
    '',
    `frontend ${name}`,
    `  bind "${address}:${port}"`,
    '  http-request deny deny_status 405 unless { method GET }',
    `  http-request deny deny_status 404 unless { path -m reg ^(${paths.join('|')})$ }`,
    `  http-request deny deny_status 400 unless { req.fhdr_cnt(${NAMESPACE_HEADER}) eq 1 }`,
    `  http-request deny deny_status 400 unless { req.fhdr(${NAMESPACE_HEADER}) -m reg ${NAMESPACE} }`,
    '  http-request set-header Authorization "Bearer %[req.fhdr(X-ID-Token)]" if { req.fhdr_cnt(X-ID-Token) eq 1 }',
    '  http-request deny deny_status 401 unless { req.fhdr_cnt(Authorization) eq 1 }',
    '  http-request del-header X-ID-Token',
    '  http-request del-header Cookie',
    `  default_backend ${name}`,
    '',
    `backend ${name}`,
    // Its certificate is of its own making, and nobody else listens there.
    `  server authorizer 127.0.0.1:${authorizer} ssl verify none`,
  ]);
  return [
    'global',
    '  maxconn 512',
    '',
    'defaults',
    '  mode http',
    '  timeout connect 2s',
    '  timeout client 60s',
    '  timeout server 300s',
    '  timeout tunnel 1h',
    ...sections,
    '',
    'frontend health',
    `  bind "${address}:${HEALTH_PORT}"`,
    '  monitor-uri /healthz',
    '',
  ].join('\n');
}

/** How kube-rbac-proxy asks the API server: may the token's owner read this in the namespace that the header names? */
export function authorizerConfiguration({ right }: Access): JsonObject {
  return {
    authorization: {
      rewrites: { byHttpHeader: { name: NAMESPACE_HEADER } },
      resourceAttributes: { ...right, namespace: '{{ .Value }}' },
    },
  };
}

/** Arguments of kube-rbac-proxy. @param file - its configuration */
export function authorizerArguments({ authorizer, upstream }: Access, file: string): string[] {
  return [`--secure-listen-address=127.0.0.1:${authorizer}`, `--upstream=${upstream}`, `--config-file=${file}`];
}

/** Arguments of prom-label-proxy. @param upstream - Prometheus */
export function labelProxyArguments(upstream: string): string[] {
  return [
    `--insecure-listen-address=127.0.0.1:${LABEL_PROXY_PORT}`,
    `--upstream=${upstream}`,
    '--label=namespace',
    `--header-name=${NAMESPACE_HEADER}`,
    '--enable-label-apis',
    // Whoever asks for another namespace is told so, not shown nothing.
    '--error-on-replace',
  ];
}
