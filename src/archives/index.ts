/** The archives room: images that lie on a disk, opened safely and read to what a registry would give. */
export { splitImportPath, type ImportingUser } from './open-beneath.js';
export { openSource, type OpenSourceOptions } from './open-source.js';
export type { ImageSource } from './source.js';
export { readSuperblock, SUPERBLOCK_BYTES, type Superblock } from './squashfs.js';
