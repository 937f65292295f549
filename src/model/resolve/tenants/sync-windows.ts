import type { PlatformProps } from '../../platform.generated';
import type { SyncWindow } from '../../slices';

/** Zone of a schedule that names none. */
const UTC = 'UTC';

/** When an environment's delivery goes on and when it waits, in the platform's order. */
export function syncWindowsOf({ syncWindows = [] }: PlatformProps['environments'][string]): readonly SyncWindow[] {
  return syncWindows.map(({ kind, schedule, duration, timeZone = UTC, manualSync = true }) => ({
    kind,
    schedule,
    duration,
    timeZone,
    manualSync,
  }));
}
