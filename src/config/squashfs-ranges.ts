/** What squashfs and its compressors allow. */

export const BLOCK_SIZES: readonly number[] = [12, 13, 14, 15, 16, 17, 18, 19, 20].map((power) => 2 ** power);

/** Of compressors that have levels. */
export const HIGHEST_LEVELS: Readonly<Record<string, number>> = { zstd: 22, gzip: 9 };
