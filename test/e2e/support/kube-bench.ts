import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getEngine, kubeBenchConfiguration } from '../../../src/engines';

/** What kube-bench said of one check. */
export interface Verdict {
  readonly id: string;
  readonly status: 'PASS' | 'FAIL' | 'WARN' | 'INFO';
  readonly scored: boolean;
}

interface Report {
  readonly Controls: readonly {
    readonly tests: readonly {
      readonly results: readonly { test_number: string; status: Verdict['status']; scored: boolean }[];
    }[];
  }[];
}

/** Runs `cis-1.12` against what runs on this machine (or in this namespace of it). */
export async function kubeBench(targets: readonly string[]): Promise<Verdict[]> {
  const [program, configuration] = [await getEngine('kube-bench'), await kubeBenchConfiguration()];
  // Its checks leave patterns to the shell: they must find no files here.
  const empty = await mkdtemp(path.join(tmpdir(), 'keelson-bench-'));
  const args = [
    '--config-dir',
    configuration,
    '--benchmark',
    'cis-1.12',
    'run',
    '--targets',
    targets.join(','),
    '--json',
  ];
  try {
    const text = await new Promise<string>((resolve, reject) => {
      execFile(program, args, { cwd: empty, maxBuffer: 64 * 1024 ** 2, timeout: 120_000 }, (error, out, err) =>
        out ? resolve(out) : reject(new Error(`kube-bench said nothing: ${err || error?.message}`)),
      );
    });
    return verdicts(JSON.parse(text) as Report);
  } finally {
    await rm(empty, { recursive: true, force: true });
  }
}

function verdicts({ Controls: controls }: Report): Verdict[] {
  return controls.flatMap(({ tests }) =>
    tests.flatMap(({ results }) => results.map(({ test_number: id, status, scored }) => ({ id, status, scored }))),
  );
}
