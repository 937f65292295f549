import fc from 'fast-check';
import { formats } from '../../src/model/formats';

const good: Readonly<Record<string, readonly string[]>> = {
  'aws-account': ['111122223333', '000000000000'],
  'aws-region': ['eu-central-1', 'us-gov-west-1', 'ap-southeast-7', 'us-iso-east-1'],
  bucket: ['example-prod-backups', 'a.b.c', 'abc'],
  bytes: ['512Mi', '1.5Gi', '0', '1e9'],
  cidr: ['10.0.0.0/16', 'fd00::/48', '0.0.0.0/0'],
  cores: ['500m', '0.5', '16'],
  cron: ['0 22 * * 5', '*/15 8-18 1,15 JAN-MAR mon-fri', '59 23 31 12 6', '0 0-23/6 * * *'],
  'dns-label': ['payments', 'a', '3scale', 'a'.repeat(63)],
  'dns-name': ['example.com', 'a.b.example.co.uk', 'localhost', 'xn--bcher-kva.example'],
  email: ['team@example.com', 'first.last+tag@sub.example.com', "o'neil@Example.com"],
  'git-url': [
    'https://git.example.com/team/repository.git',
    'https://git.example.com:8443/team/repository',
    'ssh://git@git.example.com:2222/team/repository.git',
    'ssh://git.example.com/repository',
    'git@github.com:team/repository.git',
    'file:///srv/git/repository.git',
    'http://127.0.0.1:3000/team/repository.git',
    'http://[::1]:3000/team/repository.git',
  ],
  group: ['payments-developers', 'oidc:admins', '/team/payments', 'cn=payments,ou=groups', 'Größe'],
  arn: [
    'arn:aws:s3:::bucket/*',
    'arn:aws:dynamodb:{region}:{account}:table/orders-{environment}',
    'arn:aws-cn:sqs:cn-north-1:111122223333:queue',
    'arn:aws:logs:eu-central-1:111122223333:log-group:/app:*',
  ],
  host: ['api.prod.example.com', 'localhost', '10.1.2.3'],
  'host-pattern': ['api.stripe.com', '*.example.com'],
  'https-url': [
    'https://login.example.com',
    'https://login.example.com:8443/realms/main',
    'https://login.example.com/',
  ],
  'kubernetes-version': ['1.34.0', '1.35.7', '1.36.3'],
  'label-key': ['name', 'app.kubernetes.io/name', 'node-role.kubernetes.io/infra'],
  'label-value': ['', 'gold', 'A.b_c-1'],
  quantity: ['10G', '2Gi', '500m', '1e3', '0'],
  registry: [
    'registry.example.com',
    'registry.example.com:5000/apps/web',
    'localhost/apps',
    '111122223333.dkr.ecr.eu-central-1.amazonaws.com',
    'ghcr.io/team',
  ],
  semver: ['1.2.3', 'v1.20.0', '0.1.0-rc.1', '1.0.0+build.5'],
  'time-zone': ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires'],
};

const bad: Readonly<Record<string, readonly (readonly [text: string, fix: string | undefined])[]>> = {
  'aws-account': [
    ['1111-2222-3333', 'write `111122223333`'],
    ['1234', 'write twelve digits, not 4'],
  ],
  'aws-region': [
    ['eu-centrall-1', 'write `eu-central-1`'],
    ['eu-central-1a', 'write `eu-central-1`'],
    ['EU-CENTRAL-1', 'write `eu-central-1`'],
    ['Frankfurt', 'write a region such as `eu-central-1`'],
  ],
  bucket: [
    ['Example_Backups', 'write `example-backups`'],
    ['ab', 'write 3 to 63 characters'],
    ['10.0.0.1', 'use letters'],
    ['a..b', 'write `a.b`'],
    ['backups--x-s3', 'choose another name'],
  ],
  bytes: [['512m', 'write `512M` (10^6) or `512Mi` (2^20)']],
  cidr: [['10.0.0.5/16', 'write `10.0.0.0/16`']],
  cores: [['2Gi', 'write cores, such as `4`']],
  'dns-label': [['Pay_ments', 'write `pay-ments`']],
  'dns-name': [
    ['https://example.com/path', 'write `example.com`'],
    ['*.example.com', 'write `example.com`'],
    ['example..com', 'write `example.com`'],
    ['exa_mple.com', 'write `exa-mple.com`'],
    ['intranet', 'write a whole domain, such as `intranet.example.com`'],
    ['10.0.0.1', 'write a domain'],
  ],
  email: [
    ['Team <team@example.com>', 'write `team@example.com`'],
    ['team@example.com ', 'write `team@example.com`'],
    ['team', 'write one address, such as `team@example.com`'],
    ['team@example', 'write an address such as `team@example.com`'],
    ['a team@example.com', 'write an address such as `team@example.com`'],
  ],
  'git-url': [
    ['github.com/team/repository', 'write `https://github.com/team/repository`'],
    ['http://github.com/team/repository', 'write `https://github.com/team/repository`'],
    ['git://github.com/team/repository', 'write `https://github.com/team/repository`'],
    ['/srv/git/repository.git', 'write `file:///srv/git/repository.git`'],
    ['file://srv/git/repository.git', 'write `file:///srv/git/repository.git`'],
    ['https://github.com', 'add its path, such as `https://github.com/team/repository.git`'],
    ['ssh://-oProxyCommand=id/x', 'correct the host'],
    ['https://git.example.com/**', 'name one repository, character by character'],
    ['https://git.example.com/{shop,wiki}.git', 'name one repository, character by character'],
    ['git@git.example.com:{{.path.path}}/deploy.git', 'name one repository, character by character'],
    ['git@git.example.com:shop/../wiki/deploy.git', 'write the path itself'],
    ['https://git.example.com/shop/../wiki/deploy.git', 'write the path itself'],
    ['ext::sh -c id', 'write a URL such as `https://git.example.com/team/repository.git`'],
  ],
  cron: [
    ...['@daily', '0 22 * *', '0 0 22 * * 5', '0  22 * * 5', '60 22 * * 5', '0 24 * * 5', '0 0 0 * *', '0 0 * 13 *'],
    ...['0 0 * * 7', '0 18-8 * * *', '*/0 * * * *', '0 0 * * FRY', '0 0 * * 1-', '0 0 * * ,', '0 0 * * 1-2-3'],
  ].map((text) => [text, 'write five fields such as `0 22 * * 5` (Fridays at 22:00)'] as const),
  group: [
    ['pay"ments', 'name a group without one'],
    ['system:masters', 'name a group of the OIDC issuer'],
    ['pay*', 'name one group'],
    ['a b', 'name one group'],
    [' admins', 'write `admins`'],
    ['', 'write the group as the OIDC issuer names it'],
  ],
  host: [
    ['*.example.com', 'name one host'],
    ['https://api.example.com', 'write `api.example.com`'],
    ['api.example.com:6443', 'write `api.example.com`'],
  ],
  'https-url': [
    ['http://login.example.com', 'write `https://login.example.com`'],
    ['login.example.com/realm', 'write `https://login.example.com/realm`'],
    ['https://login.example.com#top', 'write `https://login.example.com`'],
    ['login', 'write a URL such as `https://login.example.com`'],
  ],
  'kubernetes-version': [
    ['v1.36.3', 'write `1.36.3`'],
    ['1.36', 'write all three numbers, such as `1.36.3`'],
    ['1.33.1', 'write one of 1.34 to 1.36'],
    ['1.37.0', 'write one of 1.34 to 1.36'],
    ['latest', 'write one of 1.34 to 1.36, such as `1.36.3`'],
  ],
  'label-key': [['my label', 'write `my-label`']],
  'label-value': [['my value', 'write `my-value`']],
  quantity: [['10GB', 'write `10G` (10^9) or `10Gi` (2^30)']],
  registry: [
    ['https://registry.example.com/apps', 'write `registry.example.com/apps`'],
    ['registry.example.com/apps/', 'write `registry.example.com/apps`'],
    ['registry.example.com/Apps', 'write `registry.example.com/apps`'],
    ['registry.example.com/apps/web:1.0', 'write `registry.example.com/apps/web`'],
    ['team/apps', 'write the host too, such as `docker.io/team/apps`'],
    ['registry.example.com:99999', 'write a registry such as `registry.example.com/apps`'],
  ],
  arn: [
    ['*', 'write an ARN such as `arn:aws:s3:::bucket/*`'],
    ['arn:aws:s3:::*', 'write an ARN such as `arn:aws:s3:::bucket/*`'],
    ['arn:aws:s3:::team-*/x', 'write an ARN such as `arn:aws:s3:::bucket/*`'],
    ['arn:aws:iam::*:role/admin', 'write an ARN such as `arn:aws:s3:::bucket/*`'],
    ['arn:aws:sqs:{zone}:{account}:queue', 'write `{account}`, `{region}`, `{environment}`'],
  ],
  'host-pattern': [
    ['*', 'name a host, or `*.` and a domain'],
    ['*.com', 'name a host, or `*.` and a domain'],
    ['api.*.example.com', 'write `api.example.com`'],
    ['https://api.example.com/v1', 'write `api.example.com`'],
  ],
  semver: [
    ['1.2', 'write `1.2.0`'],
    ['^1.2.3', 'write `1.2.3`'],
    ['latest', 'write all three numbers, such as `1.2.3`'],
  ],
  'time-zone': [
    ['Berlin', 'write one such as `Europe/Berlin` or `UTC`'],
    ['+01:00', 'write one such as `Europe/Berlin` or `UTC`'],
    ['', 'write one such as `Europe/Berlin` or `UTC`'],
  ],
};

const flat = <T>(table: Readonly<Record<string, readonly T[]>>) =>
  Object.entries(table).flatMap(([name, texts]) => texts.map((text) => [name, text] as const));

test('every format has examples of both sorts', () => {
  expect(Object.keys(good).sort()).toEqual(Object.keys(formats).sort());
  expect(Object.keys(bad).sort()).toEqual(Object.keys(formats).sort());
});

test.each(flat(good))('%s takes %j', (name, text) => {
  expect(formats[name]?.check(text)).toBeUndefined();
});

test.each(flat(bad).map(([name, [text, fix]]) => [name, text, fix] as const))(
  '%s refuses %j: %s',
  (name, text, fix) => {
    expect(formats[name]?.check(text)?.fix).toBe(fix);
  },
);

test.each([
  ['git-url', 'https://deploy:hunter2@git.example.com/team/repository.git'],
  ['git-url', 'https://hunter2@git.example.com/team/repository.git'],
  ['git-url', 'ssh://git:hunter2@git.example.com/team/repository.git'],
  ['git-url', 'https://git.example.com/team/repository.git?private_token=hunter2'],
  ['git-url', 'deploy:hunter2@git.example.com:/team/repository.git'],
  ['git-url', 'deploy:hunter2@git.example.com/team/repository.git'],
  ['https-url', 'https://admin:hunter2@login.example.com'],
  ['https-url', 'admin:hunter2@login.example.com'],
  ['registry', 'robot:hunter2@registry.example.com'],
])('%s refuses credentials without telling them: %s', (name, text) => {
  const fault = formats[name]?.check(text);
  expect(fault?.secret).toBe(true);
  expect(JSON.stringify(fault)).not.toContain('hunter2');
});

test('any text gets an answer on one short line', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.webUrl(),
    fc.string({ minLength: 900, maxLength: 1200 }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(formats)), texts, (name, text) => {
      const fault = formats[name]?.check(text);
      expect(fault?.message ?? '').not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      expect(fault?.fix ?? '').not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      expect((fault?.message ?? '').length).toBeLessThan(1000);
    }),
  );
});
