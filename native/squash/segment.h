/*
 * A segment: the file bodies of one layer as squashfs blocks, in the order of the archive. Its data file is the blocks
 * one after the other; its index says where each file lies. Both are made and read by this program on one machine, so
 * numbers are the machine's own.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include <stdint.h>

#define SEGMENT_MAGIC 0x31676573676d69ull
#define NO_FRAGMENT UINT32_MAX

struct segment_head {
	uint64_t magic;
	uint32_t block_size, files, blocks, fragments;
};

/* After the head: the size of each block as squashfs writes it, then these, then the fragments. */
struct segment_file {
	uint64_t size;
	uint32_t first_block, block_count;
	/* Where its tail lies, or all of it. */
	uint32_t fragment, fragment_offset;
};

/* A block that holds tails and small files. */
struct segment_fragment {
	uint32_t block, size;
};

#endif
