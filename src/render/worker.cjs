// Node cannot start a worker from a TypeScript file, whichever loader is used: this one registers the loader itself.
require('../../bin/typescript.cjs');
require('./worker.ts');
