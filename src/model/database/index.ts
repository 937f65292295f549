export * from './definition';
export * from './names';
export * from './sizes';
