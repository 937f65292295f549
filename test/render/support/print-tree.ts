import { renderPlatform } from '../../../src/render';

// Run as a program: prints the tree of the platform in the folder named, as paths and blob ids.
void renderPlatform({ root: process.argv[2] ?? '', cache: false, threads: 0 }).then(({ tree, findings }) =>
  process.stdout.write(JSON.stringify({ files: [...tree.files], findings })),
);
