/* Compresses blocks on several threads and writes them in the order in which they were given. */
#ifndef BLOCKS_H
#define BLOCKS_H

#include "common.h"

#define BLOCK_UNCOMPRESSED (1u << 24)
#define BLOCK_BYTES(size) ((size) & (BLOCK_UNCOMPRESSED - 1))

struct blocks;

/* `slots` blocks at most wait or are being worked on; each takes twice the block size of memory. */
struct blocks *blocks_open(const struct shape *shape, unsigned threads, unsigned slots, int fd);

/*
 * Takes a full buffer and gives an empty one for it. A block of zeros is stored as a hole when `may_be_hole`. Gives the
 * number of the block; they count from 0.
 */
uint32_t blocks_put(struct blocks *blocks, uint8_t **buffer, uint32_t size, bool may_be_hole);
uint8_t *blocks_buffer(const struct blocks *blocks);

/* Waits for all. Gives the stored size of each block, as squashfs writes it (0: a hole). */
uint32_t *blocks_close(struct blocks *blocks, uint32_t *count);

#endif
