export type { Danger, DangerLevel } from './danger';
export {
  diff,
  type ClusterDiff,
  type DiffCounts,
  type FileChange,
  type ObjectChange,
  type TreeDiff,
  type UnitDiff,
} from './diff';
export type { FieldChange } from './fields';
export { toMarkdown } from './markdown';
export { toText, type TextOptions } from './text';
