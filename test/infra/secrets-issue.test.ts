import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { CertificatePlan, CertificateUsage, IntermediateName } from '../../infra/control-plane/pki';
import { FolderStore } from '../../infra/secrets/folder-store';
import { pkiDrift } from '../../infra/secrets/inspect';
import { ensurePki } from '../../infra/secrets/issue';
import { materialise } from '../../infra/secrets/materialise';
import { inLastThird, type PkiReport } from '../../infra/secrets/report';
import { forgetRootKey, readRootKey, returnRootKey } from '../../infra/secrets/root-key';
import { issueLeaf, type Identity } from '../../infra/secrets/x509';
import {
  after,
  filledStore,
  fingerprintOf,
  freshFolder,
  handshake,
  localPlan,
  NOW,
  opensslVerify,
  textOf,
  type Side,
} from '../support/secrets';

jest.setTimeout(120_000);

const plan = localPlan();
const INTERMEDIATES: readonly IntermediateName[] = ['etcd', 'etcd-peer', 'kubernetes', 'kubelet', 'front-proxy'];
let store: FolderStore;
beforeEach(async () => {
  store = await filledStore();
});

const file = (name: string) => join(store.place, ...name.split('/'));
const authorityFile = (name: IntermediateName) => file(`authorities/${name}/1.crt`);
const trust = (authority: IntermediateName) => textOf(store, { kind: 'trust', authorities: [authority] });
const leafOf = async (certificate: string) => ({
  certificate: await textOf(store, { kind: 'certificate', certificate }),
  key: await textOf(store, { kind: 'key', certificate }),
});
const authorityOf = async (authority: IntermediateName): Promise<Identity> => ({
  certificate: await textOf(store, { kind: 'authority-certificate', authority }),
  key: await textOf(store, { kind: 'authority-key', authority }),
});
const changes = (report: PkiReport) =>
  report.certificates.filter(({ change }) => change !== 'kept').map(({ name, reason }) => `${name}: ${reason}`);
const purposes = { server: 'sslserver', client: 'sslclient' } as const;

describe('leaves', () => {
  test('openssl accepts each under its authority, for its usages, and under no sibling', () => {
    for (const leaf of plan.certificates) {
      const pem = file(`certificates/${leaf.name}.pem`);
      for (const usage of ['server', 'client'] as const) {
        const answer = opensslVerify(authorityFile(leaf.authority), pem, purposes[usage]);
        expect([leaf.name, usage, answer === 'OK']).toEqual([leaf.name, usage, leaf.usages.includes(usage)]);
      }
      for (const sibling of INTERMEDIATES.filter((one) => one !== leaf.authority)) {
        expect(opensslVerify(authorityFile(sibling), pem, purposes[leaf.usages[0]!])).toMatch(/issuer/);
      }
    }
  });

  test('hold exactly the planned names, and every one a key of its own', () => {
    const keys = new Set<string>();
    for (const leaf of plan.certificates) {
      const pem = readFileSync(file(`certificates/${leaf.name}.pem`));
      const found = new X509Certificate(pem);
      const names = [
        ...leaf.dnsNames.map((name) => `DNS:${name}`),
        ...leaf.addresses.map((address) => `IP Address:${address}`),
      ];
      expect(found.subjectAltName ?? '').toBe(names.join(', '));
      const { commonName, organization } = leaf.subject;
      expect(found.subject).toBe(organization ? `O=${organization}\nCN=${commonName}` : `CN=${commonName}`);
      const oids = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' };
      expect(found.keyUsage).toEqual(leaf.usages.map((usage) => oids[usage]));
      const bounds = execFileSync('openssl', ['x509', '-noout', '-ext', 'basicConstraints,keyUsage'], { input: pem });
      expect(bounds.toString().match(/CA:.*|Digital.*|Certificate Sign.*/g)).toEqual(['CA:FALSE', 'Digital Signature']);
      keys.add(found.publicKey.export({ type: 'spki', format: 'pem' }).toString());
    }
    expect(keys.size).toBe(plan.certificates.length);
  });

  test.each<[string, string, string, IntermediateName, IntermediateName]>([
    ['API server to etcd', 'etcd-server', 'apiserver-etcd-client', 'etcd', 'etcd'],
    ['member to member', 'etcd-peer', 'etcd-peer', 'etcd-peer', 'etcd-peer'],
    ['controller-manager to API server', 'apiserver', 'controller-manager', 'kubernetes', 'kubernetes'],
    ['API server to an aggregated API', 'apiserver', 'front-proxy-client', 'kubernetes', 'front-proxy'],
  ])('%s: both sides accept each other, and nobody from another authority', async (_, server, client, of, takes) => {
    const listening: Side = { ...(await leafOf(`control-plane-1/${server}`)), trust: await trust(takes) };
    const calling: Side = { ...(await leafOf(`control-plane-1/${client}`)), trust: await trust(of) };
    expect(await handshake(listening, calling, 'control-plane-1')).toBe('ok');
    expect(await handshake(listening, calling, '127.20.0.11')).toBe('ok');
    expect(await handshake(listening, calling, 'control-plane-2')).toMatch(/^client: .*ALTNAME/);
    expect(await handshake(listening, { trust: calling.trust }, 'control-plane-1')).toMatch(/^server: /);
    for (const sibling of INTERMEDIATES) {
      if (sibling !== of) {
        expect(await handshake(listening, { ...calling, trust: await trust(sibling) }, 'control-plane-1')).toMatch(
          /^client: .*ISSUER/,
        );
      }
      if (sibling === takes || sibling === 'kubelet') continue;
      const leaf = plan.certificates.find(
        ({ authority, usages }) => authority === sibling && usages.includes('client'),
      )!;
      const stranger = { ...(await leafOf(leaf.name)), trust: calling.trust };
      expect(await handshake(listening, stranger, 'control-plane-1')).toMatch(/^server: /);
    }
  });

  test('name constraints refuse what an authority is not for, although it signed it', async () => {
    const mint = async (authority: IntermediateName, usages: CertificateUsage[], names: Partial<CertificatePlan>) => {
      const content = { subject: { commonName: 'x' }, dnsNames: [], addresses: [], usages, ...names };
      const made = await issueLeaf(content, 10, await authorityOf(authority), new Date());
      writeFileSync(file('minted.pem'), made.certificate);
      return opensslVerify(authorityFile(authority), file('minted.pem'), purposes[usages[0]!]);
    };
    const server: CertificateUsage[] = ['server'];
    expect(await mint('etcd', server, { addresses: ['127.20.0.99'] })).toBe('OK');
    expect(await mint('etcd', server, { addresses: ['192.0.2.1'] })).toBe('permitted subtree violation');
    expect(await mint('kubelet', server, { dnsNames: ['worker-1'], addresses: ['10.200.0.7'] })).toBe('OK');
    for (const name of ['kubernetes.default.svc', 'api.local.harbour.example.com', 'kubernetes.default']) {
      expect(await mint('kubelet', server, { dnsNames: [name] })).toBe('excluded subtree violation');
    }
    expect(await mint('kubelet', server, { addresses: ['10.98.0.1'] })).toBe('excluded subtree violation');
    expect(await mint('front-proxy', ['client'], {})).toBe('OK');
    expect(await mint('front-proxy', ['client'], { dnsNames: ['a'] })).toBe('excluded subtree violation');
    expect(await mint('front-proxy', server, {})).toMatch(/purpose/);
  });
});

describe('a second run', () => {
  test('changes no byte', async () => {
    const before = fingerprintOf(store.place);
    const report = await ensurePki(plan, store, after(1));
    expect(changes(report)).toEqual([]);
    expect(report.due).toEqual([]);
    expect(fingerprintOf(store.place)).toEqual(before);
    expect(await pkiDrift(plan, store, after(1))).toEqual([]);
  });

  test('renews a leaf in the last third of its life, and only then', async () => {
    expect(changes(await ensurePki(plan, store, after(59.9)))).toEqual([]);
    expect(await pkiDrift(plan, store, after(60.1))).toHaveLength(plan.certificates.length);
    const report = await ensurePki(plan, store, after(60.1));
    expect(changes(report)).toHaveLength(plan.certificates.length);
    expect(changes(report)[0]).toBe('control-plane-1/etcd-server: the last third of its life');
    expect(Date.parse(report.certificates[0]!.notAfter)).toBeGreaterThan(after(150).getTime());
  });

  test('at whatever moments it runs, no leaf has less than a third of its life left, and none is renewed early', async () => {
    const { parsed } = await (async () => {
      const pem = await textOf(store, { kind: 'certificate', certificate: 'cluster/admin' });
      return { parsed: new X509Certificate(pem) };
    })();
    const from = Date.parse(parsed.validFrom);
    const life = Date.parse(parsed.validTo) - from;
    fc.assert(
      fc.property(fc.double({ min: -1, max: 2, noNaN: true }), (part) => {
        const now = new Date(from + part * life);
        expect(inLastThird(parsed, now)).toBe(now.getTime() < from || now.getTime() - from >= (2 / 3) * life);
      }),
    );
    const one = { ...plan, certificates: plan.certificates.slice(0, 1) };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.double({ min: 0.1, max: 59, noNaN: true }), { maxLength: 6 }), async (waits) => {
        const copy = await filledStore();
        let day = 0;
        for (const wait of waits) {
          day += wait;
          const [leaf] = (await ensurePki(one, copy, after(day))).certificates;
          const left = (Date.parse(leaf!.notAfter) - after(day).getTime()) / 86_400_000;
          expect(left).toBeGreaterThanOrEqual(29.9);
          if (leaf!.change === 'renewed') expect(left).toBeGreaterThan(89.9);
        }
      }),
      { numRuns: 10 },
    );
  });

  test('makes a leaf anew when the plan changes it, adds a host and removes one', async () => {
    const moved = localPlan(3, { endpoint: { host: '127.20.0.9', port: 6443 } });
    const report = await ensurePki(moved, store, NOW);
    expect(changes(report).filter((line) => !line.endsWith('undefined'))).toEqual([
      'control-plane-1/apiserver: its addresses are not as planned',
    ]);
    expect(report.certificates.filter(({ change }) => change === 'created')).toHaveLength(22);
    const shrunk = await ensurePki(plan, store, NOW);
    expect(shrunk.removed).toHaveLength(22);
    expect(shrunk.removed).toContain('control-plane-3/apiserver');
    await expect(leafOf('control-plane-3/apiserver')).rejects.toThrow(
      'certificates/control-plane-3/apiserver.pem is not there',
    );
  });

  test('says when an authority should be rotated, and that one has ended', async () => {
    expect((await ensurePki(plan, store, after(480))).due).toEqual([]);
    const { due } = await ensurePki(plan, store, after(500));
    expect(due.map((line) => line.split(':')[0])).toEqual(INTERMEDIATES);
    await expect(ensurePki(plan, store, after(731))).rejects.toThrow(/the authority etcd ended on .*; rotate it/);
  });

  test('says that an authority is not as planned any more', async () => {
    const wider = {
      ...plan,
      authorities: plan.authorities.map((one) =>
        one.name === 'etcd' ? { ...one, constraints: { permittedAddresses: ['10.0.0.0/8'] } } : one,
      ),
    };
    expect((await ensurePki(wider, store, NOW)).due).toEqual(['etcd: the names it may sign for are not as planned']);
  });
});

describe('secrecy', () => {
  test('the report names fingerprints and ends, and holds nothing of a key', async () => {
    const report = await ensurePki(plan, store, NOW);
    const text = JSON.stringify(report);
    expect(text).not.toMatch(/-----|PRIVATE|BEGIN/);
    for (const entry of await store.list()) {
      for (const line of (await store.read(entry))!.toString('utf8').split('\n')) {
        if (line.length > 40 && /^[A-Za-z0-9+/=]+$/.test(line)) expect(text).not.toContain(line);
      }
    }
    const admin = new X509Certificate((await leafOf('cluster/admin')).certificate);
    expect(report.certificates.find(({ name }) => name === 'cluster/admin')).toMatchObject({
      change: 'kept',
      fingerprint: admin.fingerprint256,
      notAfter: new Date(admin.validTo).toISOString(),
    });
  });

  test('every file is for its owner alone', async () => {
    for (const line of fingerprintOf(store.place)) expect(line.split(' ')[1]).toBe('600');
  });

  test('a file or folder that others may read is refused, and the message says what to do', async () => {
    chmodSync(file('authorities/etcd/1.key'), 0o644);
    await expect(ensurePki(plan, store, NOW)).rejects.toThrow(
      /1\.key: others than its owner may use it \(mode 644\).*chmod 600/,
    );
    chmodSync(store.place, 0o750);
    await expect(FolderStore.open(store.place)).rejects.toThrow(/mode 750.*chmod 700/);
  });

  test('the root key belongs on no host', async () => {
    await expect(materialise({ kind: 'authority-key', authority: 'root' }, store)).rejects.toThrow('no host');
  });
});

describe('damage', () => {
  test('a damaged leaf is named when read, and made anew by the next run', async () => {
    const spoil: Readonly<Record<string, () => void>> = {
      'control-plane-1/apiserver': () => truncateSync(file('certificates/control-plane-1/apiserver.pem'), 500),
      'control-plane-1/scheduler': () => writeFileSync(file('certificates/control-plane-1/scheduler.pem'), ''),
      'cluster/admin': () => {
        const other = readFileSync(file('certificates/cluster/kwok.pem'), 'utf8');
        const own = readFileSync(file('certificates/cluster/admin.pem'), 'utf8');
        const key = other.slice(other.indexOf('-----BEGIN PRIVATE'));
        writeFileSync(file('certificates/cluster/admin.pem'), own.replace(/-----BEGIN PRIVATE[^]*/, key));
      },
      'cluster/kwok': () => {
        const own = readFileSync(file('certificates/cluster/kwok.pem'), 'utf8');
        writeFileSync(
          file('certificates/cluster/kwok.pem'),
          own.replace(/\n(.)/, (_, one) => `\n${one === 'M' ? 'N' : 'M'}`),
        );
      },
    };
    for (const [name, doIt] of Object.entries(spoil)) {
      doIt();
      await expect(leafOf(name)).rejects.toThrow(new RegExp(`certificates/${name}\\.pem .*run \`pulumi up\``));
    }
    const drift = await pkiDrift(plan, store, NOW);
    expect(drift).toHaveLength(4);
    const renewed = changes(await ensurePki(plan, store, NOW));
    expect(renewed).toHaveLength(4);
    expect(renewed.join('\n')).toContain('cluster/admin.pem has a key of another certificate');
    expect(await pkiDrift(plan, store, NOW)).toEqual([]);
    for (const name of Object.keys(spoil)) await leafOf(name);
  });

  test('what cannot be made again is never made again: all of it is named at once, and nothing changes', async () => {
    truncateSync(file('authorities/kubernetes/1.crt'), 200);
    rmSync(file('authorities/kubelet/1.key'));
    writeFileSync(file('authorities/etcd/1.key'), readFileSync(file('authorities/etcd-peer/1.key')));
    rmSync(file('service-accounts/1.key'));
    writeFileSync(file('encryption/1.key'), 'c2hvcnQ=\n');
    const before = fingerprintOf(store.place);
    const error = (await ensurePki(plan, store, NOW).catch((reason: unknown) => reason)) as Error;
    const lines = error.message.split('\n').map((line) => line.slice(store.place.length + 2));
    expect(lines).toEqual(
      [
        expect.stringMatching(/^authorities\/etcd\/1.key has a key of another certificate; restore .* rotate it$/),
        expect.stringMatching(/^authorities\/kubernetes\/1.crt is not a whole certificate in PEM; restore/),
        expect.stringMatching(/^authorities\/kubelet\/1.key is not there, and something must be signed by it; restore/),
        expect.stringMatching(/^service-accounts\/1.key is lost; restore/),
        expect.stringMatching(/^encryption\/1.key is not base64 of 32 bytes; restore .*cannot be read without it$/),
      ].map((line) => line as unknown),
    );
    expect(fingerprintOf(store.place)).toEqual(before);
    expect(await pkiDrift(plan, store, NOW)).toEqual(error.message.split('\n'));
  });

  test('a lost or unreadable state is no reason to begin anew', async () => {
    const state = readFileSync(file('state.json'), 'utf8');
    rmSync(file('state.json'));
    await expect(ensurePki(plan, store, NOW)).rejects.toThrow(/state.json is lost, and \d+ secrets are there; restore/);
    writeFileSync(file('state.json'), state.slice(0, 100), { mode: 0o600 });
    await expect(ensurePki(plan, store, NOW)).rejects.toThrow(/state.json is damaged; restore/);
    rmSync(file('state.json'));
    mkdirSync(file('state.json'), { mode: 0o700 });
    await expect(ensurePki(plan, store, NOW)).rejects.toThrow(/state.json: cannot be read \(EISDIR\)/);
  });

  test('an authority of another root is told', async () => {
    const other = freshFolder();
    await ensurePki(plan, await FolderStore.open(other), NOW);
    for (const end of ['crt', 'key']) {
      writeFileSync(file(`authorities/etcd/1.${end}`), readFileSync(join(other, `authorities/etcd/1.${end}`)));
    }
    await expect(ensurePki(plan, store, NOW)).rejects.toThrow('authorities/etcd/1.crt is not signed by the root');
  });
});

describe('the root key', () => {
  test('can be offline: nothing needs it but a new authority; only the right one can be brought back', async () => {
    const key = await readRootKey(store);
    await forgetRootKey(store);
    expect(changes(await ensurePki(plan, store, after(70)))).toHaveLength(plan.certificates.length);
    expect(await pkiDrift(plan, store, after(70))).toEqual([]);
    await expect(readRootKey(store)).rejects.toThrow(/bring it back from where it is kept offline/);
    const stranger = await textOf(store, { kind: 'authority-key', authority: 'etcd' });
    await expect(returnRootKey(store, stranger)).rejects.toThrow("not the key of this cluster's root");
    await expect(returnRootKey(store, 'rubbish')).rejects.toThrow('not the key');
    await returnRootKey(store, key);
    expect(await readRootKey(store)).toBe(key);
  });
});
