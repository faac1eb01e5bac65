/* Puts what is wanted of segments into a product. */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include "common.h"
#include "segment.h"

/* Where a wanted file lies in the product. */
struct placed_file {
	uint64_t size, start;
	uint32_t block_count, fragment, fragment_offset;
	const uint32_t *block_sizes;
	bool wanted;
};

struct segment {
	/* By file number. */
	struct placed_file *files;
	uint32_t file_count;
};

struct product_data {
	int fd;
	uint64_t end;
	struct shape shape;
	/* The segment gives its room back as it is copied. */
	bool uses_up;
	/* Of the product: where each fragment block lies, and its stored size. */
	uint64_t *fragment_starts;
	uint32_t *fragment_sizes;
	size_t fragment_count, fragment_capacity, size_capacity;
};

/*
 * Copies what the `wanted` files (ascending numbers) have in a segment to the end of the product: blocks as they are;
 * a block of tails too, unless a file that is not wanted has a part of it: what was removed from an image must not be
 * in its product.
 */
struct segment segment_place(struct product_data *product, int data_fd, const uint32_t *wanted, uint32_t wanted_count);

#endif
