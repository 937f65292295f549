import { redact } from '../../src/gitops/redact';

test.each([
  ['https://ada:s3cret@git.example.org/a.git', 'https://***@git.example.org/a.git'],
  ['https://t0ken@git.example.org/a.git', 'https://***@git.example.org/a.git'],
  ['https://ada:p@ss@git.example.org/a.git', 'https://***@git.example.org/a.git'],
  ["fatal: unable to access 'http://x:y@h/p/': refused", "fatal: unable to access 'http://***@h/p/': refused"],
  ['https://git.example.org/a.git?private_token=abc', 'https://git.example.org/a.git?***'],
  ['ssh://git@git.example.org/a.git', 'ssh://git@git.example.org/a.git'],
  ['ssh://git:pw@git.example.org/a.git', 'ssh://***@git.example.org/a.git'],
  ['git@git.example.org:a.git', 'git@git.example.org:a.git'],
  ['/srv/git/a.git', '/srv/git/a.git'],
])('%s is shown as %s', (text, shown) => {
  expect(redact(text)).toBe(shown);
});
