/* A blob as the tar that it holds; what the compression is, the first bytes tell. */
#ifndef STREAM_H
#define STREAM_H

#include "common.h"

struct stream;

struct stream *stream_open(int fd);
/* The next bytes, valid until STREAM_KEEPS further calls; 0 at the end. Dies with EXIT_DAMAGED. */
#define STREAM_KEEPS 9
size_t stream_next(struct stream *stream, const uint8_t **data);

#endif
