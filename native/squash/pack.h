#ifndef PACK_H
#define PACK_H

#include "common.h"

struct pack_options {
	struct shape shape;
	/* Seconds since 1970, of the file system. */
	uint32_t mtime;
	/* Must not exist. */
	const char *output;
	/* Pairs of "keep" or "use", and a file: one of the first kind is left as it is, of the second nothing is left. */
	char **segments;
	int segment_count;
};

/* The plan comes on stdin. */
int pack(const struct pack_options *options);

#endif
