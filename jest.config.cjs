/** Unit tests: no network, no engines. `jest.e2e.config.cjs` has those with real engines. */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['<rootDir>/test/e2e/', '<rootDir>/test/fixtures/', '/node_modules/'],
  modulePathIgnorePatterns: ['<rootDir>/.keelson/'],
  transform: {
    '^.+\\.(t|j)s$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
  // cel-js ships ES modules only, so that it must be transformed too.
  transformIgnorePatterns: ['/node_modules/(?!@marcbachmann/cel-js/)'],
};
