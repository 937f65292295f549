export { accessObjects } from './access';
export type { Requester } from './api';
export {
  ADOPTER,
  applyBootstrap,
  bootstrapDrift,
  BootstrapError,
  FIELD_MANAGER,
  type BootstrapFailure,
  type BootstrapOptions,
  type BootstrapResult,
  type StepResult,
} from './apply';
export { canReach, ChartMissingError, helmCharts, type Charts } from './charts';
export { bootstrapDeclarations } from './declarations';
export { readDefinitions } from './definitions';
export type { KubeObject } from './object';
export { declareBootstrap, planDefinitions, type BootstrapPart, type BootstrapResourcesProps } from './resources';
export { planBootstrap, type BootstrapPlan, type BootstrapStep } from './plan';
