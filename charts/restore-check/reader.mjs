// Runs in a Pod that has a volume: `node --input-type=module --eval <this> <folder> <files>`.
import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const [root, sample] = process.argv.slice(-2);
await readVolume(root, Number(sample));

/**
 * Prints a line a file: digest of its name, of its content, its size, when it was written and last touched. Of many files those
 * whose names have the smallest digests, so that every copy of a volume picks the same.
 */
async function readVolume(root, sample) {
  const files = [];
  const walk = (folder) => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const facts = lstatSync(path);
      // What a filesystem keeps for itself is not in a backup.
      if (facts.isDirectory()) {
        if (name !== 'lost+found') walk(path);
      } else if (facts.isFile()) files.push({ key: sha256(relative(root, path)), path, facts });
    }
  };
  walk(root);
  files.sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { key, path, facts } of files.slice(0, sample)) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    const [written, touched] = [facts.mtimeMs, facts.ctimeMs].map((time) => Math.floor(time / 1000));
    process.stdout.write(`${key} ${hash.digest('hex')} ${facts.size} ${written} ${touched}\n`);
  }
  process.stdout.write(`end ${files.length}\n`);
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}
