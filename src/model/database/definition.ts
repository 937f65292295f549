import type { Json, JsonObject } from '../component';
import { DATABASE_STORAGE, DATABASE_STORAGE_PATTERN, POSTGRES_VERSIONS } from './sizes';

/** The platform's own kind for databases: API group, kind, plural. */
export const DATABASE_GROUP = 'platform.keelson.dev';
export const DATABASE_KIND = 'Database';
export const DATABASE_PLURAL = 'databases';

/** The version that Keelson writes and Crossplane stores. */
export const DATABASE_VERSION = 'v1';

/** Name of the one Composition, which the definition enforces. */
export const DATABASE_COMPOSITION = 'database';

const quantityAtLeast = (field: string, other: string) => `quantity(${field}).compareTo(quantity(${other})) >= 0`;

/** What both versions say the same of. A version that lacked a field of the other would lose it: nothing converts. */
const SHARED: Readonly<Record<string, JsonObject>> = {
  engine: {
    description: 'Database engine. It cannot be changed.',
    type: 'string',
    enum: ['postgres'],
    default: 'postgres',
    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'the engine of a database cannot be changed' }],
  },
  version: {
    description: 'Major version of the engine. It can go up, with a short stop, and never down.',
    type: 'string',
    enum: POSTGRES_VERSIONS,
    'x-kubernetes-validations': [
      {
        rule: 'int(self) >= int(oldSelf)',
        message: 'the version of a database cannot go down: restore a backup into a new database instead',
      },
    ],
  },
  size: {
    description: 'Machine behind it: `small` 1 core and 2 GiB, `medium` 2 and 8, `large` 4 and 16.',
    type: 'string',
    enum: ['small', 'medium', 'large'],
    default: 'small',
  },
  storage: {
    description: `Space for data in whole Gi or Ti, from ${DATABASE_STORAGE.least} to ${DATABASE_STORAGE.most}. It can grow and never shrink.`,
    type: 'string',
    // Bounds the cost of the rules.
    maxLength: 8,
    pattern: DATABASE_STORAGE_PATTERN.source,
    'x-kubernetes-validations': [
      {
        rule: quantityAtLeast('self', `'${DATABASE_STORAGE.least}'`),
        message: `write ${DATABASE_STORAGE.least} or more`,
      },
      {
        rule: quantityAtLeast(`'${DATABASE_STORAGE.most}'`, 'self'),
        message: `write ${DATABASE_STORAGE.most} or less`,
      },
      {
        rule: quantityAtLeast('self', 'oldSelf'),
        message: 'the storage of a database cannot shrink: move its data to a smaller one instead',
      },
    ],
  },
  highAvailability: { description: 'A second copy that takes over.', type: 'boolean', default: false },
  backupRetentionDays: {
    description: 'Days that backups are kept.',
    type: 'integer',
    minimum: 1,
    maximum: 35,
    default: 7,
  },
  onDelete: {
    description:
      'What becomes of the data when the database is deleted: `keep` leaves it, `snapshot` takes a last snapshot and then deletes, `delete` deletes. Without it `keepOnDelete` decides.',
    type: 'string',
    enum: ['keep', 'snapshot', 'delete'],
  },
  keepOnDelete: {
    description:
      'Of v1alpha1, which knew no snapshot: `false` deletes data with the database, all else keeps it. `onDelete` goes before it.',
    type: 'boolean',
  },
};

const STATUS: JsonObject = {
  type: 'object',
  properties: {
    host: { description: 'Where it is reached; unknown until it runs.', type: 'string' },
    port: { type: 'integer' },
    secretName: { description: 'Secret that says how to connect.', type: 'string' },
  },
};

const COLUMNS: readonly JsonObject[] = [
  { name: 'ENGINE', type: 'string', jsonPath: '.spec.engine' },
  { name: 'VERSION', type: 'string', jsonPath: '.spec.version' },
  { name: 'SIZE', type: 'string', jsonPath: '.spec.size' },
  { name: 'STORAGE', type: 'string', jsonPath: '.spec.storage' },
  { name: 'ON-DELETE', type: 'string', jsonPath: '.spec.onDelete' },
  { name: 'HOST', type: 'string', jsonPath: '.status.host', priority: 1 },
];

/** One version of the kind. Crossplane adds `spec.crossplane` and the status's conditions. */
export interface DatabaseVersion {
  readonly [field: string]: Json;
  readonly name: string;
  readonly served: boolean;
  /** True for the one that is stored. */
  readonly referenceable: boolean;
  readonly schema: { readonly openAPIV3Schema: JsonObject };
}

function version(name: string, more: JsonObject = {}): DatabaseVersion {
  return {
    name,
    served: true,
    referenceable: name === DATABASE_VERSION,
    ...more,
    additionalPrinterColumns: COLUMNS,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 30 } } },
          // What is stored in one version is written back in another: neither may ask for more than the other.
          spec: { type: 'object', required: ['storage', 'version'], properties: SHARED },
          status: STATUS,
        },
      },
    },
  };
}

/**
 * The contract, version by version. Stored objects are never converted (strategy None), so that every version carries
 * the fields of all; docs/databases.md says how a field comes, goes and how long it stays.
 */
export const DATABASE_VERSIONS: readonly DatabaseVersion[] = [
  version(DATABASE_VERSION),
  version('v1alpha1', {
    deprecated: true,
    deprecationWarning:
      'platform.keelson.dev/v1alpha1 Database is served until 2027-06-30; write v1, where onDelete takes the place of keepOnDelete',
  }),
];
