#!/usr/bin/env node
// Runs one TypeScript file as the main module, with its arguments: for the scripts of package.json.
require('./typescript.cjs');
process.argv.splice(1, 1);
process.argv[1] = require('node:path').resolve(process.argv[1]);
require('node:module').runMain();
