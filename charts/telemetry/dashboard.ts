import type { JsonObject } from '../component';

/** What dashboards for tenants and their data sources select the tenants' Grafana by. */
export const TENANTS_INSTANCE = { dashboards: 'tenants' } as const;

/** Kinds of data, and what Grafana calls their sources. */
export const SOURCES = { metrics: 'prometheus', logs: 'loki', traces: 'tempo' } as const;
export type Source = keyof typeof SOURCES;

/** One picture: what is asked, and how the answer is shown. */
export interface Panel {
  readonly title: string;
  /** @default timeseries */
  readonly type?: 'timeseries' | 'stat' | 'bargauge' | 'table' | 'logs';
  /** Grafana's name of a unit. @default short */
  readonly unit?: 'short' | 'bytes' | 'Bps' | 'cores' | 'currencyUSD' | 'percentunit' | 's' | 'pps' | 'reqps';
  /** @default metrics */
  readonly source?: Source;
  /** Queries by what their lines are called, with Grafana's `{{label}}`. */
  readonly queries: Readonly<Record<string, string>>;
  /** Of 24 columns. @default 12 */
  readonly width?: number;
}

/** A dashboard that every tenant looks at through the data source of its own environment. */
export interface TenantDashboard {
  /** What its address ends in. */
  readonly name: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  /** Add-on that gives what it shows. @default - one that is always there */
  readonly needs?: string;
}

const HEIGHT = 8;
const COLUMNS = 24;

/** Identifier of a dashboard, by which others link to it. */
export const dashboardId = (name: string) => `tenant-${name}`;

/** A dashboard as Grafana's own JSON has it. Which environment is looked at is a matter of the data sources chosen. */
export function dashboardJson({ name, title, panels }: TenantDashboard): JsonObject {
  const sources = [...new Set(panels.map(({ source = 'metrics' }) => source))];
  return {
    uid: dashboardId(name),
    title,
    tags: ['keelson'],
    editable: false,
    schemaVersion: 41,
    refresh: '1m',
    time: { from: 'now-6h', to: 'now' },
    links: [
      { type: 'dashboards', title: 'More', tags: ['keelson'], asDropdown: true, keepTime: true, includeVars: true },
    ],
    templating: {
      list: sources.map((source) => ({ type: 'datasource', name: source, label: source, query: SOURCES[source] })),
    },
    panels: placed(panels),
  };
}

/** Panels from left to right, a new row where the next does not fit. */
function placed(panels: readonly Panel[]): JsonObject[] {
  let x = 0;
  let y = 0;
  return panels.map((panel, index) => {
    const { width = COLUMNS / 2 } = panel;
    if (x + width > COLUMNS) {
      x = 0;
      y += HEIGHT;
    }
    const at = { x, y, w: width, h: HEIGHT };
    x += width;
    return { id: index + 1, gridPos: at, ...panelJson(panel) };
  });
}

function panelJson({ title, type = 'timeseries', unit = 'short', source = 'metrics', queries }: Panel): JsonObject {
  const datasource = { type: SOURCES[source], uid: `\${${source}}` };
  return {
    title,
    type,
    datasource,
    // Zero stands for what is not there: a line that ends at the bottom of the picture lies less than one that floats.
    fieldConfig: { defaults: { unit: unit === 'cores' ? 'short' : unit, min: 0 }, overrides: [] },
    targets: Object.entries(queries).map(([legend, query], index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource,
      ...targetOf(source, query, legend, type),
    })),
  };
}

function targetOf(source: Source, query: string, legend: string, type: Panel['type']): JsonObject {
  if (source === 'traces') return { query, queryType: 'traceql', limit: 50, tableType: 'traces' };
  const instant = type === 'stat' || type === 'bargauge' || type === 'table';
  return { expr: query, legendFormat: legend, ...(instant ? { instant: true, range: false } : { range: true }) };
}
