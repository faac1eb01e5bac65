/* The records that a pass over a layer sends to the gateway, kept in its segment, so that another image with the same
 * layer needs no such pass. */
#ifndef RECORDS_H
#define RECORDS_H

#include "common.h"

struct records;

/* Keeps all that is emitted from now on, in a file beside `segment` that has no name. */
struct records *records_keep(const char *segment);
/* Ends the keeping, and writes index and records behind the data of the segment. */
void records_finish(struct records *records, int segment_fd, uint64_t data_bytes, void *const parts[],
		    const size_t part_bytes[], int part_count);
/* Emits the records of a segment again. Dies with EXIT_DAMAGED when its index or its records are not as written. */
int records_replay(const char *segment);

#endif
