#ifndef SCAN_H
#define SCAN_H

#include "common.h"

struct scan_options {
	struct shape shape;
	unsigned threads, slots;
	/* Of the segment; -1: headers only. */
	int data_fd, index_fd;
	const char *hash;
	/* Uncompressed bytes of the layer; bytes of one pax header or long name. */
	uint64_t most_bytes, most_extension;
};

/* The layer comes on stdin, records go to stdout. */
int scan(const struct scan_options *options);

#endif
