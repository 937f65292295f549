import fc from 'fast-check';

/** Quotas that are admitted, in every way to write them: at least one container of the default size. */
export const anyQuota = fc.record({
  cpu: fc.integer({ min: 50, max: 2_000_000 }).map((milli) => (milli % 1000 ? `${milli}m` : String(milli / 1000))),
  memory: fc.oneof(
    fc.integer({ min: 256, max: 4_000_000 }).map((mebi) => `${mebi}Mi`),
    fc.integer({ min: 268_435_456, max: 2 ** 40 }).map(String),
    fc.integer({ min: 269, max: 900_000 }).map((mega) => `${mega}M`),
  ),
  storage: fc.integer({ min: 1, max: 2 ** 45 }).map(String),
  pods: fc.integer({ min: 1, max: 5000 }),
});

/** Machines that a platform may have, from the smallest on. */
export const anyCapacity = fc.record({
  cpu: fc.integer({ min: 500, max: 200_000 }).map((milli) => `${milli}m`),
  memory: fc.integer({ min: 1024, max: 800_000 }).map((mebi) => `${mebi}Mi`),
});
