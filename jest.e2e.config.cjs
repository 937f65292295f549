/** Tests that need real engines (etcd, kube-apiserver, Argo CD): src/engines fetches or builds them. */
module.exports = {
  ...require('./jest.config.cjs'),
  testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
  // The runbook's commands take a machine of their own for half an hour: npm run test:runbook.
  testPathIgnorePatterns: [
    '/node_modules/',
    ...(process.env.KEELSON_RUNBOOK ? [] : ['<rootDir>/test/e2e/runbook.test.ts']),
  ],
};
