#!/usr/bin/env node
// TypeScript is loaded as it is written: no build step stands between editing a file and running it.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

if (!existsSync(join(__dirname, '..', 'node_modules'))) {
  process.stderr.write(`keelson: its libraries are not installed: run 'npm ci' in ${join(__dirname, '..')} first\n`);
  process.exit(2);
}
require('./typescript.cjs');
require('../src/cli/main.ts').main(process.argv);
