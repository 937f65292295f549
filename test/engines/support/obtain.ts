import { obtain } from '../../../src/engines/obtain';
import type { EngineSource } from '../../../src/engines/source';

/** Run as a process of its own: gets one engine and prints each event, then the outcome, as a line of JSON. */
const { name, source } = JSON.parse(process.argv[2]!) as { name: string; source: EngineSource };
const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

// With an environment of its own, its PATH alone counts, and not where distributions put servers.
obtain(name, source, {
  env: { ...process.env },
  onProgress: (event) => print({ event: { ...event, text: String(event) } }),
}).then(
  (program) => print({ program }),
  (error: Error) => print({ error: `${error.name}: ${error.message}` }),
);
