export { apiClient, type ApiAccess, type ApiAnswer, type ApiClient } from './api-client';
export { startApiServer, type ApiServer, type ApiServerOptions } from './api-server';
export { cacheDirectory } from './cache';
export { engineVersion, EngineMissingError, getEngine, type EngineOptions } from './get-engine';
export { goModule, type GoModuleOptions } from './go';
export { isEngine, type EngineName } from './table';
