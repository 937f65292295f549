// Node cannot start a worker from a TypeScript file, whichever loader is used: this one registers the loader itself.
require('tsx/cjs/api').register();
require('./worker.ts');
