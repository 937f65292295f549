/** Objects that a real API server accepts; tests change one thing at a time. */
export function deployment() {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'api', namespace: 'payments', labels: { 'app.kubernetes.io/name': 'api' } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'api' } },
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
      template: {
        metadata: { labels: { app: 'api' } },
        spec: {
          containers: [
            {
              name: 'api',
              image: 'registry.example.com/api:1.2.3',
              imagePullPolicy: 'IfNotPresent',
              env: [{ name: 'MODE', value: 'fast' }],
              ports: [{ name: 'http', containerPort: 8080 }],
              resources: { requests: { cpu: 0.5, memory: '256Mi' }, limits: { memory: '512Mi' } },
              volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
            },
          ],
          volumes: [{ name: 'tmp', emptyDir: {} }],
        },
      },
    },
  };
}

export function networkPolicy() {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'allow-dns', namespace: 'payments' },
    spec: {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [
        {
          to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
          ports: [{ port: 53, protocol: 'UDP' }],
        },
        { to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] },
      ],
    },
  };
}

export function certificate() {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'api', namespace: 'payments' },
    spec: {
      secretName: 'api-tls',
      dnsNames: ['api.example.com'],
      duration: '2160h',
      issuerRef: { name: 'ca', kind: 'ClusterIssuer' },
      privateKey: { algorithm: 'ECDSA', size: 256 },
    },
  };
}

export function serviceMonitor() {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: 'api', namespace: 'payments' },
    spec: {
      selector: { matchLabels: { app: 'api' } },
      endpoints: [{ port: 'http', interval: '30s', path: '/metrics', targetPort: 8080 }],
    },
  };
}

export function httpRoute() {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'api', namespace: 'payments' },
    spec: {
      parentRefs: [{ name: 'public', namespace: 'gateway' }],
      hostnames: ['api.example.com'],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/v1' } }],
          backendRefs: [{ name: 'api', port: 8080 }],
        },
      ],
    },
  };
}

export function appProject() {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'payments', namespace: 'argocd' },
    spec: {
      sourceRepos: ['https://git.example.com/payments.git'],
      destinations: [{ server: 'https://kubernetes.default.svc', namespace: 'payments' }],
      namespaceResourceBlacklist: [{ group: '', kind: 'ResourceQuota' }],
      roles: [{ name: 'admin', policies: ['p, proj:payments:admin, applications, *, payments/*, allow'] }],
    },
  };
}
