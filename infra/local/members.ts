import { existsSync } from 'node:fs';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { etcdctl, type Operated } from './operator';
import type { Place } from './place';

/**
 * How long etcd may refuse a newcomer because its members have not been connected for long, in milliseconds: it wants
 * 5 s of all of them (etcd, `--strict-reconfig-check`), and the last one may have come just now.
 */
const SETTLE_TIMEOUT = 60_000;

/**
 * Which hosts have a member of etcd. One that has voted must never start again without its data, or it would break
 * promises that it no longer knows of: who has started is written down, and who lost its data joins as somebody new.
 */
export interface MemberBook {
  /** Hosts whose member has been well once. */
  readonly started: readonly string[];
}

/**
 * The book. Where there is none, the hosts that have data of a member; they are none where no cluster was begun. One
 * that is damaged is not taken for none: who lost his data and does not stand in it would found a cluster of his own.
 */
export async function readBook(place: Place): Promise<MemberBook> {
  try {
    const { started } = JSON.parse(await readFile(place.members, 'utf8')) as Partial<MemberBook>;
    if (!Array.isArray(started)) throw new Error('it names no members');
    return { started };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { started: await hostsWithData(place) };
    throw new Error(
      `${place.members} is damaged (${(error as Error).message}): it names the members of etcd; where every host has its data, remove it; else see 'A damaged file of the cluster' in docs/RUNBOOK.md`,
      { cause: error },
    );
  }
}

async function hostsWithData(place: Place): Promise<string[]> {
  const names = await readdir(path.dirname(place.supervisor('any'))).catch(() => []);
  return names.filter((name) => existsSync(memberData(place, name))).sort();
}

export async function writeBook(place: Place, book: MemberBook): Promise<void> {
  const fresh = `${place.members}.${randomUUID()}.tmp`;
  await writeFile(fresh, JSON.stringify(book), { mode: 0o600 });
  await rename(fresh, place.members);
}

/** The file that is there as soon as a member belongs to a cluster. */
export function memberData(place: Place, host: string): string {
  return path.join(place.root(host), 'var', 'lib', 'etcd', 'member', 'wal');
}

/** How a host's member is to start: a new cluster, by joining those that run, or again with its data. */
export type Start = 'first' | 'join' | 'again';

/** Throws where the cluster's only member lost its data: no start brings that back. */
export function startOf(book: MemberBook, place: Place, host: string): Start {
  if (existsSync(memberData(place, host))) return 'again';
  if (book.started.length === 0) return 'first';
  if (book.started.some((name) => name !== host)) return 'join';
  throw new Error(
    `${host}: etcd's data is gone, and no other host has any: run 'keelson cluster restore' with the newest snapshot`,
  );
}

/** A member as the cluster itself knows it. */
export interface Member {
  /** In hexadecimal. */
  readonly id: string;
  /** Empty until it has started for the first time. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

/** Members as the cluster itself knows them. */
export async function listMembers(place: Place, addresses: readonly string[]): Promise<Member[]> {
  // As JSON, etcdctl gives either numbers that JavaScript cannot hold or no word on who is a learner.
  const answer = await etcdctl(place, addresses, 'member', 'list', '--write-out=simple');
  return answer
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [id = '', , name = '', peerUrls = '', , isLearner] = line.split(', ');
      if (isLearner !== 'true' && isLearner !== 'false')
        throw new Error(`etcdctl member list: cannot be read: ${line}`);
      return { id, name, peerUrls: peerUrls.split(','), isLearner: isLearner === 'true' };
    });
}

/** Alarms that etcd has raised, each once: `NOSPACE`, `CORRUPT`. */
export async function alarmsOf(place: Place, addresses: readonly string[]): Promise<string[]> {
  const answer = await etcdctl(place, addresses, 'alarm', 'list');
  return [...new Set([...answer.matchAll(/alarm:(\w+)/g)].map(([, alarm]) => alarm!))];
}

/**
 * Takes a host's member into the cluster as a learner, which does not vote before it has caught up: a slow or broken
 * newcomer costs no quorum. Gives what `--initial-cluster` must say for it.
 */
export async function joinAsLearner(
  operated: Operated,
  place: Place,
  host: { readonly name: string; readonly address: string },
): Promise<string> {
  const others = othersOf(operated, host.name);
  const peer = peerUrl(host.address);
  for (const member of await listMembers(place, others)) {
    if (member.peerUrls.includes(peer)) await etcdctl(place, others, 'member', 'remove', member.id);
  }
  for (const deadline = Date.now() + SETTLE_TIMEOUT; ; await sleep(500)) {
    const added = await etcdctl(place, others, 'member', 'add', host.name, `--peer-urls=${peer}`, '--learner').then(
      () => true,
      (error: Error) => {
        if (!error.message.includes('unhealthy cluster') || Date.now() > deadline) throw error;
        return false;
      },
    );
    if (added) break;
  }
  const members = await listMembers(place, others);
  return members
    .flatMap(({ name, peerUrls }) => peerUrls.map((url) => `${name || host.name}=${url}`))
    .sort()
    .join(',');
}

/** Gives a learner its vote; rejects until it has caught up. Where it votes already that is well. */
export async function promote(
  operated: Operated,
  place: Place,
  host: { name: string; address: string },
): Promise<void> {
  const others = othersOf(operated, host.name);
  const own = (await listMembers(place, others)).find(({ peerUrls }) => peerUrls.includes(peerUrl(host.address)));
  if (!own) throw new Error(`${host.name}: etcd knows no such member`);
  if (own.name === '') throw new Error(`${host.name}: its member of etcd has not joined: see its log`);
  if (own.isLearner) await etcdctl(place, others, 'member', 'promote', own.id);
}

/** Has another member lead, where this host's does: removing a leader stops all writes until another is elected. */
export async function handOver(place: Place, host: { address: string }): Promise<void> {
  const members = await listMembers(place, [host.address]);
  const other = members.find(({ isLearner, peerUrls }) => !isLearner && !peerUrls.includes(peerUrl(host.address)));
  if (!other || !(await leads(place, host.address))) return;
  await etcdctl(place, [host.address], 'move-leader', other.id);
}

/** Whether the member at an address leads. */
export async function leads(place: Place, address: string): Promise<boolean> {
  const fields = await etcdctl(place, [address], 'endpoint', 'status', '--write-out=fields');
  const value = (name: string): string | undefined => new RegExp(`^"${name}" : (\\d+)$`, 'm').exec(fields)?.[1];
  return value('Leader') === value('MemberID');
}

/** Takes a host's member out of the cluster, so that the others do not wait for it. */
export async function leave(operated: Operated, place: Place, host: { name: string; address: string }): Promise<void> {
  const others = othersOf(operated, host.name);
  for (const member of await listMembers(place, others)) {
    if (member.peerUrls.includes(peerUrl(host.address))) await etcdctl(place, others, 'member', 'remove', member.id);
  }
}

/**
 * Rejects where stopping a host's member would stop etcd: where the others alone are no majority that answers. One
 * member alone stops anyway. A member that does not answer itself may always be started again.
 */
export async function othersHoldQuorum(operated: Operated, place: Place, host: { name: string }): Promise<void> {
  const addresses = operated.members.map(({ address }) => address);
  // Without a majority nobody can list the members, and nothing is left to be lost.
  const members = await listMembers(place, addresses).catch(() => []);
  const voters = members.filter(({ isLearner }) => !isLearner);
  if (voters.length < 2) return;
  const answers = await Promise.all(
    // Those that vote, not those that are described: a host that is to be removed votes until it has left.
    voters.map(async ({ name, peerUrls }) => {
      const at = peerUrls.map((url) => new URL(url).hostname);
      const healthy = await etcdctl(place, at, 'endpoint', 'health').then(
        () => true,
        () => false,
      );
      return { name, healthy };
    }),
  );
  const own = answers.find(({ name }) => name === host.name);
  const others = answers.filter(({ name, healthy }) => name !== host.name && healthy).length;
  if (!own?.healthy || others > voters.length / 2) return;
  const down = answers.filter(({ healthy }) => !healthy).map(({ name }) => name);
  throw new Error(
    `${host.name}: its member of etcd must not be restarted: ${down.join(', ') || 'a newcomer'} must be well first, or no majority is left`,
  );
}

function othersOf(operated: Operated, host: string): string[] {
  return operated.members.filter(({ name }) => name !== host).map(({ address }) => address);
}

function peerUrl(address: string): string {
  return `https://${address}:2380`;
}
