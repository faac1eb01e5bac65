export * from './image.js';
export * from './platform.js';
export * from './rate-gate.js';
export * from './reference.js';
export * from './settings.js';
