// Tries backups: restores each environment's newest one into a scratch namespace, compares what came back, keeps the
// result on the Restore and serves it as metrics. Plain Node without libraries, so that any image of Node runs it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Api } from './api.mjs';

const HOUR = 3_600_000;

await main(JSON.parse(readFileSync(process.argv[2], 'utf8')));

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

async function main(settings) {
  const api = new Api(settings.api);
  const results = new Map();
  if (settings.port) {
    createServer((_, response) => response.end(metrics(results))).listen(settings.port);
  }
  for (;;) {
    await round(api, settings, results).catch((error) => log({ error: String(error) }));
    if (settings.once) return;
    await sleep(settings.pauseSeconds * 1000);
  }
}

/** Checks the environment whose last check is the oldest, where that is long enough ago. */
async function round(api, settings, results) {
  const { label, scratch, rtoHours } = settings.names;
  const velero = (kind, name = '') => `/apis/velero.io/v1/namespaces/${settings.velero}/${kind}${name && `/${name}`}`;
  const schedules = (await api.list(velero('schedules'))).filter(
    ({ metadata }) => metadata.annotations?.[scratch] !== undefined && metadata.labels?.tenant !== undefined,
  );
  const known = new Set(schedules.map(({ metadata }) => metadata.name));
  for (const name of results.keys()) if (!known.has(name)) results.delete(name);
  for (const restore of await api.list(`${velero('restores')}?labelSelector=${label}%3Dtrue`)) {
    const text = restore.metadata.annotations?.[settings.names.result];
    const result = text && JSON.parse(text);
    if (result && known.has(result.namespace) && !(results.get(result.namespace)?.at > result.at)) {
      results.set(result.namespace, { ...result, objective: 0 });
    }
  }
  for (const { metadata } of schedules) {
    const { tenant, environment } = metadata.labels;
    const objective = Number(metadata.annotations[rtoHours]) * 3600;
    results.set(metadata.name, { at: 0, ...results.get(metadata.name), tenant, environment, objective });
  }
  const due = schedules
    .map((schedule) => ({ schedule, ...results.get(schedule.metadata.name) }))
    // What could not be tried at all is tried again soon.
    .filter(({ at, reason }) => Date.now() - at >= Math.min(settings.everyHours, reason ? 1 : Infinity) * HOUR)
    .sort((a, b) => a.at - b.at || (a.schedule.metadata.name < b.schedule.metadata.name ? -1 : 1));
  for (const { schedule } of due) {
    const { name, annotations, labels } = schedule.metadata;
    const environment = { name, scratch: annotations[scratch], rtoHours: Number(annotations[rtoHours]) };
    const result = await check(api, settings, environment, velero).catch((error) => ({
      ...failed(name, String(error)),
      duration: 0,
    }));
    if (!result) continue;
    const { tenant, environment: of } = labels;
    results.set(name, { ...result, tenant, environment: of, objective: environment.rtoHours * 3600 });
    log(result);
  }
}

function failed(namespace, reason) {
  return { namespace, at: Date.now(), ok: false, reason, missing: [], damaged: [], uncompared: [] };
}

async function check(api, settings, { name, scratch, rtoHours }, velero) {
  const selector = `labelSelector=velero.io%2Fschedule-name%3D${name}`;
  const backup = (await api.list(`${velero('backups')}?${selector}`))
    .filter(({ status }) => status?.phase === 'Completed' || status?.phase === 'PartiallyFailed')
    .sort((a, b) => (a.status.startTimestamp < b.status.startTimestamp ? 1 : -1))[0];
  // A new environment has none yet, and one that stays without is told of by Velero's own metrics.
  if (!backup) return undefined;
  const started = Date.parse(backup.status.startTimestamp);
  const begin = Date.now();
  await emptied(api, settings, scratch);
  await prepare(api, settings, scratch);
  const restore = `check-${sha256(name).slice(0, 12)}-${begin}`;
  try {
    await api.send('POST', velero('restores'), {
      apiVersion: 'velero.io/v1',
      kind: 'Restore',
      metadata: { name: restore, namespace: settings.velero, labels: { [settings.names.label]: 'true' } },
      spec: {
        backupName: backup.metadata.name,
        includedNamespaces: [name],
        namespaceMapping: { [name]: scratch },
        includedResources: settings.restored.map(({ group, resource }) => (group ? `${resource}.${group}` : resource)),
        restorePVs: true,
        resourceModifier: { kind: 'ConfigMap', name: settings.modifier },
      },
    });
    const done = await until(rtoHours * 2 * HOUR, settings.pollSeconds, async () => {
      const { status } = await api.send('GET', velero('restores', restore));
      return /^(?:Completed|PartiallyFailed|Failed|FailedValidation)$/.test(status?.phase ?? '') && status;
    });
    const phase = done?.phase ?? 'still running';
    const result = { namespace: name, backup: backup.metadata.name, at: Date.now(), phase, counts: {} };
    const missing = await missingObjects(api, settings, name, scratch, started, result.counts);
    const volumes = await compareVolumes(api, settings, name, scratch, started);
    const duration = Math.round((Date.now() - begin) / 1000);
    const ok = phase === 'Completed' && missing.length === 0 && volumes.damaged.length === 0;
    const found = { ...result, at: Date.now(), ok, missing, ...volumes, duration };
    const annotations = { [settings.names.result]: JSON.stringify(short(found)) };
    await api.send('PATCH', velero('restores', restore), { metadata: { annotations } });
    return found;
  } finally {
    await emptied(api, settings, scratch);
  }
}

/** An annotation has room for so much; the rest is in the log. */
function short(found) {
  return { ...found, missing: found.missing.slice(0, 50), damaged: found.damaged.slice(0, 50) };
}

/** Takes a scratch namespace away and waits until it is gone. One that is nobody's scratch is left alone. */
async function emptied(api, settings, scratch) {
  const path = `/api/v1/namespaces/${scratch}`;
  const there = await api.find(path);
  if (!there) return;
  if (there.metadata.labels?.[settings.names.label] !== 'true')
    throw new Error(`namespace ${scratch} is not a scratch`);
  await api.send('DELETE', path);
  const gone = await until(settings.goneSeconds * 1000, settings.pollSeconds, async () => !(await api.find(path)));
  if (!gone) throw new Error(`namespace ${scratch} does not go away`);
}

/** A namespace where nothing reaches anybody, before anything is in it. */
async function prepare(api, settings, scratch) {
  for (const [path, body] of settings.scratch) {
    const text = JSON.stringify(body).replaceAll('{scratch}', scratch);
    await api.send('POST', path.replaceAll('{scratch}', scratch), JSON.parse(text));
  }
}

/** Objects that were there before the backup began and did not come back, and how many there are of each kind. */
async function missingObjects(api, { restored, ignored }, name, scratch, started, counts) {
  const missing = [];
  for (const { group, version, resource } of restored) {
    const base = group ? `/apis/${group}/${version}` : `/api/${version}`;
    const [was, is] = await Promise.all(
      [name, scratch].map((namespace) => api.list(`${base}/namespaces/${namespace}/${resource}`, true)),
    );
    const back = new Set(is.map(({ metadata }) => metadata.name));
    const expected = was.filter(
      ({ metadata }) =>
        Date.parse(metadata.creationTimestamp) < started &&
        metadata.deletionTimestamp === undefined &&
        !ignored.includes(`${resource}/${metadata.name}`) &&
        metadata.labels?.['velero.io/exclude-from-backup'] !== 'true',
    );
    counts[resource] = [expected.length, expected.filter(({ metadata }) => back.has(metadata.name)).length];
    for (const { metadata } of expected) if (!back.has(metadata.name)) missing.push(`${resource}/${metadata.name}`);
  }
  return missing;
}

/** Files that came back otherwise or not at all, and volumes that could not be compared, with the reason. */
async function compareVolumes(api, settings, name, scratch, started) {
  const damaged = [];
  const uncompared = [];
  const claims = await api.list(`/api/v1/namespaces/${scratch}/persistentvolumeclaims`);
  const pods = await api.list(`/api/v1/namespaces/${name}/pods`);
  for (const { metadata, spec } of claims) {
    const volume = metadata.name;
    const user = pods.find((pod) => pod.spec.volumes?.some((one) => one.persistentVolumeClaim?.claimName === volume));
    try {
      if (spec.accessModes?.includes('ReadWriteOncePod') && user) throw new Error('only one Pod may read it');
      const is = await filesOf(api, settings, scratch, volume, user, false);
      const was = await filesOf(api, settings, name, volume, user, true);
      damaged.push(...differences(was, is, started / 1000, settings.sample).map((file) => `${volume}/${file}`));
    } catch (error) {
      uncompared.push(`${volume}: ${error.message}`);
    }
  }
  return { damaged, uncompared };
}

/** Names, as digests, of files that had not changed since the backup began and are not the same now. */
function differences(was, is, started, sample) {
  // Beyond the last name of a full sample nothing is known.
  const end = (files) => (files.size < sample ? '~' : [...files.keys()].at(-1));
  const known = end(was) < end(is) ? end(was) : end(is);
  const wrong = [];
  for (const [key, before] of was) {
    if (key > known || before.touched >= started) continue;
    const after = is.get(key);
    if (!after || after.digest !== before.digest || after.size !== before.size) wrong.push(key);
  }
  return wrong;
}

/** What a Pod says that reads a volume: where it is in use, beside the Pod that uses it. */
async function filesOf(api, settings, namespace, volume, user, source) {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const name = `restore-check-${sha256(volume).slice(0, 12)}`;
  const body = JSON.parse(JSON.stringify(settings.reader).replaceAll('{name}', name).replaceAll('{volume}', volume));
  const context = { ...user?.spec.securityContext, ...user?.spec.containers[0]?.securityContext };
  if (context.runAsUser) body.spec.securityContext.runAsUser = context.runAsUser;
  if (context.fsGroup) body.spec.securityContext.fsGroup = context.fsGroup;
  if (source && user?.spec.nodeName) body.spec.nodeName = user.spec.nodeName;
  await api.send('POST', pods, body);
  try {
    const phase = await until(settings.readSeconds * 1000, settings.pollSeconds, async () => {
      const { status } = await api.send('GET', `${pods}/${name}`);
      return (status.phase === 'Succeeded' || status.phase === 'Failed') && status.phase;
    });
    if (phase !== 'Succeeded') throw new Error(phase === 'Failed' ? 'a file cannot be read' : 'reading takes too long');
    return parsed(await api.text(`${pods}/${name}/log`));
  } finally {
    await api.send('DELETE', `${pods}/${name}?gracePeriodSeconds=0`);
  }
}

function parsed(text) {
  const lines = text.trimEnd().split('\n');
  if (!lines.pop()?.startsWith('end ')) throw new Error('what was read is not complete');
  return new Map(
    lines.map((line) => {
      const [key, digest, size, written, touched] = line.split(' ');
      return [key, { digest, size, written: Number(written), touched: Number(touched) }];
    }),
  );
}

/** What an action gives that is true, tried again and again; undefined after the time. */
async function until(milliseconds, pollSeconds, action) {
  const end = Date.now() + milliseconds;
  for (;;) {
    const found = await action();
    if (found) return found;
    if (Date.now() >= end) return undefined;
    await sleep(pollSeconds * 1000);
  }
}

function metrics(results) {
  const all = [...results].sort(([a], [b]) => (a < b ? -1 : 1));
  const series = (name, help, value) => [
    `# HELP keelson_restore_check_${name} ${help}`,
    `# TYPE keelson_restore_check_${name} gauge`,
    ...all.flatMap(([namespace, one]) => {
      const given = value(one);
      const labels = `tenant="${one.tenant}",environment="${one.environment}",checked_namespace="${namespace}"`;
      return given === undefined ? [] : [`keelson_restore_check_${name}{${labels}} ${given}`];
    }),
  ];
  const done = (value) => (one) => (one.at > 0 ? value(one) : undefined);
  return [
    ...series('objective_seconds', 'Time that a restore may take.', (one) => one.objective),
    ...series('timestamp_seconds', 'When the last check ended; 0 where there was none.', (one) => one.at / 1000),
    ...series(
      'ok',
      'Whether all came back as it was.',
      done((one) => Number(one.ok)),
    ),
    ...series(
      'duration_seconds',
      'Time that the last restore took.',
      done((one) => one.duration),
    ),
    ...series(
      'missing_objects',
      'Objects that did not come back.',
      done((one) => one.missing.length),
    ),
    ...series(
      'damaged_files',
      'Files that came back otherwise.',
      done((one) => one.damaged.length),
    ),
    ...series(
      'uncompared_volumes',
      'Volumes that could not be compared.',
      done((one) => one.uncompared.length),
    ),
    '',
  ].join('\n');
}

function log(entry) {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
}
