import type { Cluster } from '../../src/model/cluster';
import type { ControlPlane } from '../../src/model/control-plane';
import { ZONES } from './address-plan';
import { INTERFACE_ENDPOINTS } from './endpoints';
import { KEY_USES } from './keys';
import { DISKS } from './machines';

/** Hours that AWS' own calculator takes for a month. */
const HOURS = 730;

/**
 * List prices on demand in eu-central-1, US dollars without tax, as known in early 2026 and not looked up since: a
 * machine that makes this table may reach no price list. Prices marked by `sure: false` are recalled less firmly.
 * Before money depends on one, look it up in AWS' calculator.
 */
export const PRICES = {
  region: 'eu-central-1',
  instances: {
    'm7i.large': { hourly: 0.12075, sure: true },
    'm7i.xlarge': { hourly: 0.2415, sure: true },
    'm7i.2xlarge': { hourly: 0.483, sure: true },
    'r7i.2xlarge': { hourly: 0.6384, sure: false },
  } as Readonly<Record<string, { readonly hourly: number; readonly sure: boolean }>>,
  /** A GiB a month of gp3. */
  disk: { price: 0.0952, sure: true },
  /** An hour of a NAT gateway, and a GB through it. */
  nat: { hourly: 0.052, gigabyte: 0.052, sure: true },
  /** An hour of an interface endpoint in one zone. */
  endpoint: { hourly: 0.012, sure: false },
  /** An hour of a network load balancer; its capacity units are left out. */
  balancer: { hourly: 0.027, sure: true },
  /** An hour of a public IPv4 address. */
  address: { hourly: 0.005, sure: true },
  /** A month of a key of KMS, of a secret, of a zone, of an alarm. */
  key: { price: 1, sure: true },
  secret: { price: 0.4, sure: true },
  zone: { price: 0.5, sure: true },
  alarm: { price: 0.1, sure: true },
} as const;

/** One line of an estimate. */
export interface CostLine {
  readonly item: string;
  readonly quantity: number;
  /** US dollars a month for one of them. */
  readonly each: number;
  /** False where the price is recalled less firmly. */
  readonly sure: boolean;
}

export interface CostEstimate {
  readonly lines: readonly CostLine[];
  /** US dollars a month with every pool at its minimum, and at its maximum. */
  readonly minimum: number;
  readonly maximum: number;
  /** What has a price by use, and is not in the sums. */
  readonly leftOut: readonly string[];
}

const LEFT_OUT = [
  'traffic: between zones, to the internet, through NAT gateways and balancers',
  'objects in buckets and requests to them, logs, metrics, calls of KMS, names looked up, CloudFront',
  'disks, snapshots, load balancers and databases that the cluster makes for its tenants',
  'tax, support, and discounts for commitments',
];

/**
 * What a month of a cluster costs by list prices, before anything runs on it. Throws where the price of a machine is
 * unknown: a table with a hole would be read as if it had none.
 */
export function estimateCost(cluster: Cluster, controlPlane: ControlPlane): CostEstimate {
  const monthly = (hourly: number) => hourly * HOURS;
  const balancers = controlPlane.allowedSources.length > 0 ? 2 : 1;
  const external = balancers > 1 ? ZONES : 0;
  const alarms = 2 + controlPlane.hosts + cluster.nodePools.length;
  const host = instance(controlPlane.instanceType ?? '');
  const fixed: readonly CostLine[] = [
    {
      item: `control-plane host, ${controlPlane.instanceType}, its root disk and etcd's`,
      quantity: controlPlane.hosts,
      each: monthly(host.hourly) + (DISKS.host + DISKS.etcd) * PRICES.disk.price,
      sure: host.sure,
    },
    {
      item: 'NAT gateway and its address',
      quantity: ZONES,
      each: monthly(PRICES.nat.hourly + PRICES.address.hourly),
      sure: PRICES.nat.sure,
    },
    {
      item: 'interface endpoint in one zone',
      quantity: INTERFACE_ENDPOINTS.length * ZONES,
      each: monthly(PRICES.endpoint.hourly),
      sure: PRICES.endpoint.sure,
    },
    {
      item: 'network load balancer before the API',
      quantity: balancers,
      each: monthly(PRICES.balancer.hourly),
      sure: PRICES.balancer.sure,
    },
    ...(external > 0
      ? [
          {
            item: 'public address of the API',
            quantity: external,
            each: monthly(PRICES.address.hourly),
            sure: PRICES.address.sure,
          },
        ]
      : []),
    { item: 'key of KMS', quantity: KEY_USES.length, each: PRICES.key.price, sure: PRICES.key.sure },
    { item: 'secret of a host', quantity: controlPlane.hosts, each: PRICES.secret.price, sure: PRICES.secret.sure },
    { item: 'DNS zone', quantity: 2, each: PRICES.zone.price, sure: PRICES.zone.sure },
    { item: 'alarm', quantity: alarms, each: PRICES.alarm.price, sure: PRICES.alarm.sure },
  ];
  const pools = cluster.nodePools.map((pool) => {
    const { hourly, sure } = instance(pool.instanceType ?? '');
    const each = monthly(hourly) + DISKS.machine * PRICES.disk.price;
    const range = pool.minimum === pool.maximum ? '' : ` (${pool.minimum} to ${pool.maximum})`;
    return {
      line: { item: `machine of pool ${pool.name}, ${pool.instanceType}${range}`, quantity: pool.minimum, each, sure },
      growth: (pool.maximum - pool.minimum) * each,
    };
  });
  const lines = [...fixed, ...pools.map(({ line }) => line)];
  const minimum = lines.reduce((sum, { quantity, each }) => sum + quantity * each, 0);
  return {
    lines,
    minimum,
    maximum: pools.reduce((sum, { growth }) => sum + growth, minimum),
    leftOut: LEFT_OUT,
  };
}

function instance(type: string) {
  const found = PRICES.instances[type];
  if (found) return found;
  throw new Error(
    `infra/aws/cost.ts knows no price of '${type}': add its hourly price on demand in ${PRICES.region} to PRICES.instances`,
  );
}

/** The estimate as a table of Markdown, with what it leaves out. */
export function costTable({ lines, minimum, maximum, leftOut }: CostEstimate): string {
  const dollars = (amount: number) => amount.toFixed(2);
  const rows = lines.map(
    ({ item, quantity, each, sure }) =>
      `| ${item} | ${quantity} | ${dollars(each)}${sure ? '' : ' (less sure)'} | ${dollars(quantity * each)} |`,
  );
  return [
    '| a month, US dollars | how many | each | together |',
    '| --- | ---: | ---: | ---: |',
    ...rows,
    `| **every pool at its minimum** | | | **${dollars(minimum)}** |`,
    `| every pool at its maximum | | | ${dollars(maximum)} |`,
    '',
    'Not in it:',
    '',
    ...leftOut.map((what) => `- ${what}`),
    '',
  ].join('\n');
}
