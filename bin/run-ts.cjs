#!/usr/bin/env node
// Runs one TypeScript file with its arguments, for the scripts of package.json.
const path = require('node:path');
require('tsx/cjs/api').register();
process.argv.splice(1, 1);
require(path.resolve(process.argv[1]));
