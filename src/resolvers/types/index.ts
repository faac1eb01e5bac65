export { ContentSource } from './ContentSource.js';
export { Image } from './Image.js';
export { Pull } from './Pull.js';
export { Registry } from './Registry.js';
export { System } from './System.js';
export { SystemCheck } from './SystemCheck.js';
export { Tag } from './Tag.js';
export { Verification, VerificationFinding } from './Verification.js';
