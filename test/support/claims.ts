import type { TenantProps } from '../../src/model/claim.generated';

/** A claim with every field said, on a platform with the environments `sandbox` and `live` and a mail server. */
export const everyField = (): TenantProps => ({
  owner: {
    email: 'shop@example.com',
    team: 'Shop & "Börse" {{ x }}',
    onCall: '+49 30 1234567, then #shop-on-call',
    reviewers: ['@example/shop', 'shop@example.com'],
  },
  groups: { developers: 'shop-developers', admins: 'shop-leads', viewers: 'shop-readers' },
  costCentre: 'cc-4711',
  monthlyBudget: 1200,
  tier: 1,
  dataClass: 'confidential',
  state: 'active',
  labels: { 'example.com/line-of-business': 'retail' },
  environments: {
    live: {
      quota: {
        cpu: '12',
        memory: '24Gi',
        storage: '300Gi',
        pods: 80,
        storageClasses: { 'local-path': '200Gi' },
        loadBalancers: 1,
        nodePorts: 1,
      },
      nodePool: 'machine',
      hosts: [
        {
          host: 'shop.apps.laptop.example.com',
          service: 'web',
          port: 80,
          targetPort: 8080,
          workload: 'web',
          methods: ['GET', 'POST'],
          paths: ['/shop', '/api'],
        },
      ],
      databases: {
        orders: {
          version: '17',
          size: 'small',
          storage: '30Gi',
          highAvailability: false,
          backupRetentionDays: 14,
          onDelete: 'keep',
        },
      },
      autoscaling: { minimum: 1, maximum: 20 },
    },
    sandbox: {},
  },
  repositories: [
    {
      url: 'https://git.example.com/shop/deploy.git',
      name: 'storefront',
      path: 'k8s/overlays',
      revision: 'release',
      private: true,
      environments: ['live', 'sandbox'],
    },
    { url: 'https://git.example.com/shop/jobs.git' },
  ],
  connections: {
    inside: true,
    to: [{ tenant: 'billing', port: 8443, workload: 'web', environments: ['live'] }],
    from: [
      {
        tenant: 'billing',
        port: 8080,
        workload: 'web',
        service: 'web',
        methods: ['GET'],
        paths: ['/invoices'],
        environments: ['live'],
      },
    ],
    outside: [
      { host: 'api.stripe.com', port: 443, protocol: 'TCP', why: 'takes payments', environments: ['live'] },
      { host: '*.example.org' },
      { cidr: '192.0.2.0/24', port: 5432, why: 'the old database' },
    ],
    kubernetesApi: true,
    cloudMetadata: true,
    nodePorts: [9100],
  },
  metrics: [{ port: 9102, path: '/metrics', workload: 'web' }],
  databases: {
    orders: {
      engine: 'postgres',
      version: '16',
      size: 'small',
      storage: '20Gi',
      highAvailability: false,
      backupRetentionDays: 7,
      onDelete: 'snapshot',
      environments: ['live', 'sandbox'],
    },
  },
  secretStores: ['payments-api'],
  registries: ['registry.example.com/shop'],
  workloadIdentities: {
    uploader: {
      workloads: ['web'],
      permissions: [{ actions: ['s3:GetObject', 's3:PutObject'], resources: ['arn:aws:s3:::shop-{environment}/*'] }],
      environments: ['live'],
    },
  },
  alertReceivers: [
    { type: 'email', to: 'shop-alerts@example.com', severities: ['critical', 'warning'] },
    { type: 'slack', to: '#shop-alerts', secret: 'alerts/slack', severities: ['critical'] },
  ],
  slos: {
    checkout: {
      objective: 99.9,
      days: 30,
      metric: 'http_requests_total',
      labels: { job: 'web' },
      bad: { code: '5..' },
    },
  },
  backup: { everyHours: 3, keepDays: 120 },
});

/** The tenant that `everyField` is connected with: its claim says the same from the other side. */
export const billing = (): TenantProps => ({
  owner: { email: 'billing@example.com' },
  groups: { developers: 'billing-developers' },
  environments: { live: {}, sandbox: {} },
  connections: {
    to: [{ tenant: 'shop', port: 8080, environments: ['live'] }],
    from: [{ tenant: 'shop', port: 8443, workload: 'invoices', environments: ['live'] }],
  },
});
