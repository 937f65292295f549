import { statfs } from 'node:fs/promises';
import { sizeText } from './progress';

/** A disk is full. The message names the place, what is needed and what is free; no other route is tried. */
export class NoSpaceError extends Error {
  override readonly name = 'NoSpaceError';
}

/** The error for a full disk. @param needed - bytes, where they are known; `what` needs them. */
export async function noSpace(place: string, what: string, needed?: number, cause?: unknown): Promise<NoSpaceError> {
  const free = await freeSpace(place).catch(() => 0);
  const wanted = needed === undefined ? 'more than that' : sizeText(needed);
  return new NoSpaceError(`no space left in ${place}: ${sizeText(free)} free, and ${what} needs ${wanted}`, { cause });
}

/** Bytes that an ordinary user may still write to a folder's disk. */
export async function freeSpace(place: string): Promise<number> {
  const { bavail, bsize } = await statfs(place);
  return bavail * bsize;
}

/** Tells whether an error, or what a program said in it, is that of a full disk. */
export function isNoSpace(error: unknown): boolean {
  const { code, message = '' } = error as NodeJS.ErrnoException;
  return (
    code === 'ENOSPC' || code === 'EDQUOT' || /no space left on device|enough free space|disk quota/i.test(message)
  );
}
