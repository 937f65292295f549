import path from 'node:path';
import { type EngineOptions, getEngine } from './get-engine';

/**
 * Gives the folder of kube-bench's own configuration, of the same version as its program: it lies beside the program,
 * whichever route that came by. Gets kube-bench where it is not at hand, and rejects as `getEngine` does.
 */
export async function kubeBenchConfiguration(options: EngineOptions = {}): Promise<string> {
  return path.join(path.dirname(await getEngine('kube-bench', options)), 'cfg');
}
