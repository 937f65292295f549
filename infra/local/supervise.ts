import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isRunning, processOf, type ProcessId } from './process-table';
import { Supervisor } from './supervisor';

/** The program of a supervisor: `supervise.ts DIRECTORY`. Where the folder has one already, that one stays. */
const directory = process.argv[2]!;
const own = path.join(directory, 'supervisor.json');

if (!isRunning(recorded())) {
  writeFileSync(own, JSON.stringify(processOf(process.pid)), { mode: 0o600 });
  const supervisor = new Supervisor(directory);
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => supervisor.stop());
  // The terminal that started `up` may close.
  process.on('SIGHUP', () => undefined);
  void supervisor.run().then(() => process.exit(0));
}

function recorded(): ProcessId | undefined {
  try {
    return JSON.parse(readFileSync(own, 'utf8')) as ProcessId;
  } catch {
    return undefined;
  }
}
