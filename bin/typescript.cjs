// Lets `require` load TypeScript as it is written. Libraries keep Node's own loader, which takes a third of the time,
// unless they are ES modules that this Node cannot require.
const { sep } = require('node:path');

const libraries = `${sep}node_modules${sep}`;
const plain = require.extensions['.js'];
require('tsx/cjs/api').register();
const transformed = require.extensions['.js'];

require.extensions['.js'] = (module, filename) => {
  if (!filename.includes(libraries)) return transformed(module, filename);
  try {
    return plain(module, filename);
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM') throw error;
    return transformed(module, filename);
  }
};
