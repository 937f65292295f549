#!/usr/bin/env node
// TypeScript is loaded as it is written: no build step stands between editing a file and running it.
require('./typescript.cjs');
require('../src/cli/main.ts').main(process.argv);
