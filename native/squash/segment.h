/*
 * A segment: the file bodies of one layer as squashfs blocks, in the order of the archive, one after the other; behind
 * them an index that says where each file lies, the records of the pass over the layer, and the tail. It is made and
 * read by this program on machines of one kind, so numbers are the machine's own.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include <stdint.h>

/* Another number for another form. */
#define SEGMENT_MAGIC 0x32676573676d69ull
#define NO_FRAGMENT UINT32_MAX

/* The last bytes of the file: one that has none was not written to its end. */
struct segment_tail {
	uint64_t magic, index_start, records_start, end;
	/* From the start of the index to the end of the records. The data has no checksum here: each file has its own in
	 * the records, with which the finished product is compared. */
	uint8_t sha256[32];
};
/* Dies with EXIT_DAMAGED when there is none. */
struct segment_tail segment_tail_of(int fd);

struct segment_head {
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
