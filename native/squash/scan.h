#ifndef SCAN_H
#define SCAN_H

#include "common.h"

struct scan_options {
	struct shape shape;
	unsigned threads, slots;
	/* NULL: headers only. */
	const char *segment;
	const char *hash;
	/* Uncompressed bytes of the layer; bytes of one pax header or long name. */
	uint64_t most_bytes, most_extension;
};

/* The layer comes on stdin, records go to stdout. */
int scan(const struct scan_options *options);

#endif
