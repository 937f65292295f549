/** Label and annotations by which the restore checker knows what is its own and what to check. */
export const RESTORE_CHECK = {
  /** Label, `true`: of the scratch namespaces, of Restores that are checks and of Pods that read volumes. */
  label: 'keelson.dev/restore-check',
  /** Annotation of a Schedule: the namespace that it is restored into. */
  scratch: 'keelson.dev/restore-check-namespace',
  /** Annotation of a Schedule: hours until it must be back. */
  rtoHours: 'keelson.dev/rto-hours',
  /** Annotation of a Restore: what the check found, as JSON. */
  result: 'keelson.dev/restore-check-result',
} as const;

/**
 * What is restored and compared, by API group: what holds data or says how to run it. All else is left out by not being
 * here: routes and network policies open ways in and out, Jobs and Pods would do their work twice, Databases order from
 * the cloud, ServiceAccounts, Secrets and ExternalSecrets carry identities, autoscalers start what is stopped.
 */
export const RESTORED: Readonly<Record<string, readonly string[]>> = {
  '': ['configmaps', 'persistentvolumeclaims', 'services'],
  apps: ['deployments', 'statefulsets'],
  policy: ['poddisruptionbudgets'],
};
