import { dump } from 'js-yaml';

/** One document of YAML: no anchors, no folded lines. */
export function toYaml(value: unknown): string {
  return dump(value, { noRefs: true, lineWidth: -1 });
}
