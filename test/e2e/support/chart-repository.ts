import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { getEngine, type EngineOptions } from '../../../src/engines';

/** A Helm repository on loopback, with one chart. */
export interface ChartRepository {
  readonly url: string;
  stop(): Promise<void>;
}

const FILES = {
  'Chart.yaml': 'apiVersion: v2\nname: parcel\nversion: 1.2.3\n',
  'values.yaml': 'kept: by the chart\nodd: replaced\n',
  'templates/values.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  values: {{ .Values | toJson | quote }}
`,
};

/** Serves the chart `parcel` 1.2.3, which writes the values that it got into a ConfigMap of the release's name. */
export async function startChartRepository(options: EngineOptions = {}): Promise<ChartRepository> {
  const helm = await getEngine('helm', options);
  const directory = await mkdtemp(path.join(tmpdir(), 'keelson-charts-'));
  for (const [name, text] of Object.entries(FILES)) {
    const file = path.join(directory, 'parcel', name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const run = (...args: string[]) => promisify(execFile)(helm, args, { cwd: directory });
  await run('package', 'parcel');

  const server = createServer((request, response) => {
    readFile(path.join(directory, path.basename(request.url ?? ''))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await run('repo', 'index', '.', '--url', url);
  return {
    url,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
