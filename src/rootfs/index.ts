export { notesOn } from './mksquashfs-versions.js';
export { runExaminer, unpackedBytes, type Examination } from './examine.js';
export { inflate } from './inflate.js';
export { listing, type ListedEntry } from './listing.js';
export { mergeLayers } from './merge.js';
export { MAX_ACCESS_IDS, renderMeta, type Meta, type MetaInput } from './meta.js';
export { packSquashfs, type PackedProduct, type PackOptions } from './pack.js';
export { mksquashfsPacker, packerFor } from './packers.js';
export { applyPolicy } from './policy.js';
export { CONVERSION_VERSION, productKey, type ProductInputs } from './product-key.js';
export type { LayerBlob, LayerIndex } from './layer.js';
export { createLayerCache, type HeldLayer, type LayerCache } from './layer-cache.js';
export { scanLayer, type ScanOptions, type SegmentOptions } from './scan-layer.js';
export {
  DEFAULT_ROOTFS_LIMITS,
  DEFAULT_ROOTFS_POLICY,
  type RootfsLimits,
  type RootfsPolicy,
  type SquashfsOptions,
} from './settings.js';
export { probeMksquashfs, probeTools, type RootfsTools } from './tools.js';
export { verifyProduct, type VerifiedProduct, type VerifyOptions } from './verify.js';
export type { Tree } from './tree.js';
