export { apiClient, type ApiAccess, type ApiAnswer, type ApiClient } from './api-client';
export { startApiServer, type ApiServer, type ApiServerOptions } from './api-server';
export { cacheDirectory } from './cache';
export { asLines, engineVersion, getEngine, getEngines, type EngineOptions, type EnginesOptions } from './get-engine';
export { goModule, type GoModuleOptions } from './go';
export { kubeBenchConfiguration } from './kube-bench';
export { EngineMissingError } from './obtain';
export { EngineProgress, type EngineRoute, type EngineState, type OnProgress } from './progress';
export { isEngine, KUBERNETES_VERSIONS, type EngineName } from './table';
