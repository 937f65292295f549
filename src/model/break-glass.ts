/** Annotations of a request for a token that breaks the glass: why, and who will use it. */
export const BREAK_GLASS = { reason: 'keelson.dev/reason', for: 'keelson.dev/for' } as const;

/** Minutes that such a token works at the least, which is Kubernetes' own bound, and at the most. */
export const SHORTEST = 10;
export const LONGEST = 60;
