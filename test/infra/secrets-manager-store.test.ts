import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pkiDrift } from '../../infra/secrets/inspect';
import { ensurePki } from '../../infra/secrets/issue';
import { readBinary, SecretsManagerStore, writeBinary } from '../../infra/secrets/secrets-manager-store';
import { localPlan, NOW, textOf } from '../support/secrets';

jest.setTimeout(60_000);

/** The service as its API reference has it: JSON 1.1, values in base64, a name that stays taken while it waits for deletion. */
class Service {
  readonly secrets = new Map<string, { value: string; deleted: boolean }>();
  readonly calls: string[] = [];
  denies = false;

  answer(action: string, input: Record<string, unknown>): Record<string, unknown> {
    this.calls.push(action);
    if (this.denies) throw fault('AccessDeniedException', 'User is not authorized');
    const name = String(input.SecretId ?? input.Name);
    const secret = this.secrets.get(name);
    if (action === 'ListSecrets') return this.list(input);
    if (action === 'CreateSecret') {
      if (secret?.deleted) throw fault('InvalidRequestException', 'a secret with this name is scheduled for deletion');
      if (secret) throw fault('ResourceExistsException', 'it exists');
      this.secrets.set(name, { value: String(input.SecretBinary), deleted: false });
      return { Name: name };
    }
    if (!secret) throw fault('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    if (action === 'DescribeSecret') return { Name: name, ...(secret.deleted ? { DeletedDate: 1 } : {}) };
    if (action === 'RestoreSecret') {
      secret.deleted = false;
      return { Name: name };
    }
    if (secret.deleted) throw fault('InvalidRequestException', 'it was marked for deletion');
    if (action === 'GetSecretValue') return { Name: name, SecretBinary: secret.value };
    if (action === 'PutSecretValue') secret.value = String(input.SecretBinary);
    if (action === 'DeleteSecret') secret.deleted = true;
    return { Name: name };
  }

  private list({ Filters, NextToken }: Record<string, unknown>) {
    const [{ Values }] = Filters as [{ Values: [string] }];
    const living = [...this.secrets].filter(([, { deleted }]) => !deleted).map(([name]) => name);
    const names = living.filter((name) => name.startsWith(Values[0]));
    const from = Number(NextToken ?? 0);
    const page = names.slice(from, from + 5).map((Name) => ({ Name }));
    return { SecretList: page, ...(from + 5 < names.length ? { NextToken: String(from + 5) } : {}) };
  }
}

const fault = (name: string, message: string) => Object.assign(new Error(message), { name });

let service: Service;
let server: Server;
let endpoint: string;
const before = { ...process.env };
beforeAll(() => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_MAX_ATTEMPTS: '1' });
});
afterAll(() => {
  process.env = before;
});
beforeEach(async () => {
  service = new Service();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      try {
        const action = String(request.headers['x-amz-target']).replace('secretsmanager.', '');
        response.end(JSON.stringify(service.answer(action, JSON.parse(Buffer.concat(chunks).toString()))));
      } catch (error) {
        response.statusCode = 400;
        response.end(JSON.stringify({ __type: (error as Error).name, message: (error as Error).message }));
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((done) => server.close(done)));

const open = () => SecretsManagerStore.open({ region: 'eu-central-1', prefix: 'keelson/test/store/', endpoint });

test('entries are secrets below the prefix; those of others are neither seen nor changed', async () => {
  const store = open();
  service.secrets.set('keelson/test/hosts/a', { value: '', deleted: false });
  await store.exclusively(async () => {
    for (let index = 0; index < 7; index += 1) await store.write(`a/${index}`, `text ${index}`);
    await store.write('a/0', 'new');
  });
  expect([...service.secrets.keys()][1]).toBe('keelson/test/store/a/0');
  expect((await store.read('a/0'))?.toString()).toBe('new');
  expect(await store.read('b')).toBeUndefined();
  expect(await store.list()).toEqual(['a/0', 'a/1', 'a/2', 'a/3', 'a/4', 'a/5', 'a/6']);
});

test('what was removed is not there, and can be made again while its name still waits for deletion', async () => {
  const store = open();
  await store.exclusively(async () => {
    await store.write('a', 'old');
    await store.remove('a');
    await store.remove('a');
    await store.remove('never/there');
  });
  expect(service.secrets.get('keelson/test/store/a')).toMatchObject({ deleted: true });
  expect([await store.read('a'), await store.list()]).toEqual([undefined, []]);
  await store.exclusively(() => store.write('a', 'new'));
  expect((await store.read('a'))?.toString()).toBe('new');
});

test('holds a whole plan: a second run writes nothing, a host goes and comes back', async () => {
  const store = open();
  await ensurePki(localPlan(), store, NOW);
  expect(await pkiDrift(localPlan(), store, NOW)).toEqual([]);
  service.calls.length = 0;
  await ensurePki(localPlan(), store, NOW);
  expect(new Set(service.calls)).toEqual(new Set(['GetSecretValue', 'ListSecrets']));
  for (const hosts of [3, 1, 3]) await ensurePki(localPlan(hosts), store, NOW);
  expect(await textOf(store, { kind: 'key', certificate: 'control-plane-3/apiserver' })).toContain('PRIVATE KEY');
});

test('a refusal names the place and what to do, and is no missing secret', async () => {
  const store = open();
  service.denies = true;
  const message =
    'AWS Secrets Manager, eu-central-1, keelson/test/store/a: AccessDeniedException: User is not authorized: sign in to AWS';
  await expect(store.read('a')).rejects.toThrow(message);
  await expect(store.exclusively(() => store.write('a', 'x'))).rejects.toThrow(message);
  await expect(ensurePki(localPlan(), store, NOW)).rejects.toThrow('AccessDeniedException');
  await expect(store.write('a', 'x')).rejects.toThrow('outside `exclusively`');
});

test("a host's own secret is written only where it is, never made", async () => {
  const write = () => writeBinary('eu-central-1', 'keelson/test/hosts/a', Buffer.from([0, 255]), endpoint);
  await expect(write()).rejects.toThrow("can't find");
  expect(await readBinary('eu-central-1', 'keelson/test/hosts/a', endpoint)).toBeUndefined();
  service.secrets.set('keelson/test/hosts/a', { value: '', deleted: false });
  await write();
  expect([...(await readBinary('eu-central-1', 'keelson/test/hosts/a', endpoint))!]).toEqual([0, 255]);
});
