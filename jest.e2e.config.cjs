/** Drills on a local cluster that take ten minutes and more each. `npm run test:drills` runs them, and the others too. */
const DRILLS = '<rootDir>/test/e2e/(runbook|local-recovery|local-rotation|tenants-many)[.]test[.]ts$';

/** Tests that need real engines (etcd, kube-apiserver, Argo CD): src/engines fetches or builds them. */
module.exports = {
  ...require('./jest.config.cjs'),
  globalSetup: '<rootDir>/test/e2e/support/get-engines.ts',
  testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...(process.env.KEELSON_DRILLS ? [] : [DRILLS])],
};
