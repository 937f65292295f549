/** Tests that need real engines (etcd, kube-apiserver, Argo CD): src/engines fetches or builds them. */
module.exports = {
  ...require('./jest.config.cjs'),
  testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
