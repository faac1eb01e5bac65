export { defaultConfig } from './built-in-config.js';
export { findingLine } from './findings.js';
export { readDeclaredSystem, type DeclaredSystem, type DeclarationProblem } from './read-declared-system.js';
export {
  checkConfig,
  loadConfig,
  type CheckedConfig,
  type LoadedConfig,
  type LoadOptions,
} from './load-config.js';
export type * from './types.js';
