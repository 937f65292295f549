// A program that Pulumi starts ends with it: killed, Pulumi can tell nobody to end.
const { setInterval } = require('node:timers');

const parent = process.ppid;

setInterval(() => {
  if (process.ppid !== parent) process.exit(1);
}, 500).unref();
