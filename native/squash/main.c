/* imagegw-squash version|inflate|scan|replay|pack|read: see README.md beside this file. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "pack.h"
#include "product.h"
#include "records.h"
#include "scan.h"
#include "stream.h"

/* Goes up when the same plan and segments begin to give other bytes. */
#define VERSION "2"

static uint64_t number(const char *text)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || text[0] == '-' || text[0] == '\0')
		die(2, "%s is no number", text);
	return value;
}

/* The compressors' versions too: they shape the bytes. lz4 and xz come with libsquashfs. */
static int print_version(void)
{
	const char *(*lz4)(void) = (const char *(*)(void))dlsym(RTLD_DEFAULT, "LZ4_versionString");
	const char *(*xz)(void) = (const char *(*)(void))dlsym(RTLD_DEFAULT, "lzma_version_string");

	return printf("imagegw-squash " VERSION " zstd %s gzip %s lz4 %s xz %s\n", ZSTD_versionString(), zlibVersion(),
		      lz4 == NULL ? "-" : lz4(), xz == NULL ? "-" : xz()) < 0;
}

/* A blob on stdin, the tar that it holds on stdout. */
static int inflate_stdin(void)
{
	struct stream *stream = stream_open(STDIN_FILENO);
	const uint8_t *data;
	size_t size;

	while ((size = stream_next(stream, &data)) > 0)
		write_all(STDOUT_FILENO, data, size);
	return 0;
}

int main(int count, char **arguments)
{
	enum { BLOCK, COMPRESSOR, LEVEL, THREADS, SLOTS, SEGMENT, HASH, MOST, EXTENSION, MTIME, OUTPUT };
	static const struct option options[] = {
		{ "block-size", 1, NULL, BLOCK }, { "compressor", 1, NULL, COMPRESSOR }, { "level", 1, NULL, LEVEL },
		{ "threads", 1, NULL, THREADS },  { "slots", 1, NULL, SLOTS },		 { "segment", 1, NULL, SEGMENT },
		{ "hash", 1, NULL, HASH },		 { "max-bytes", 1, NULL, MOST },
		{ "max-extension", 1, NULL, EXTENSION }, { "mtime", 1, NULL, MTIME },	 { "output", 1, NULL, OUTPUT },
		{ 0 },
	};
	struct shape shape = { .block_size = 131072, .compressor = SQFS_COMP_ZSTD, .level = -1 };
	struct scan_options scans = { .threads = 1, .slots = 4, .hash = "sha256",
				      .most_bytes = UINT64_MAX, .most_extension = 1 << 20 };
	struct pack_options packs = { 0 };
	const char *command = count > 1 ? arguments[1] : "";
	int option;

	/* A write to a gateway that has gone is an error like others. */
	signal(SIGPIPE, SIG_IGN);
	if (strcmp(command, "version") == 0)
		return print_version();
	while ((option = getopt_long(count - 1, arguments + 1, "", options, NULL)) != -1) {
		switch (option) {
		case BLOCK: shape.block_size = (uint32_t)number(optarg); break;
		case COMPRESSOR: shape.compressor = sqfs_compressor_id_from_name(optarg); break;
		case LEVEL: shape.level = (int)number(optarg); break;
		case THREADS: scans.threads = (unsigned)number(optarg); break;
		case SLOTS: scans.slots = (unsigned)number(optarg); break;
		case SEGMENT: scans.segment = optarg; break;
		case HASH: scans.hash = optarg; break;
		case MOST: scans.most_bytes = number(optarg); break;
		case EXTENSION: scans.most_extension = number(optarg); break;
		case MTIME: packs.mtime = (uint32_t)number(optarg); break;
		case OUTPUT: packs.output = optarg; break;
		default: return 2;
		}
	}
	if (shape.block_size < 4096 || shape.block_size > 1 << 20 || (shape.block_size & (shape.block_size - 1)) != 0 ||
	    shape.compressor < 0 || scans.threads < 1 || scans.threads > 1024 || scans.slots < 2)
		die(2, "the block size, the compressor or the threads are impossible");
	arguments += 1 + optind;
	count -= 1 + optind;
	scans.shape = packs.shape = shape;
	if (strcmp(command, "scan") == 0 && count == 0)
		return scan(&scans);
	if (strcmp(command, "pack") == 0 && packs.output != NULL && count % 2 == 0) {
		packs.segments = arguments;
		packs.segment_count = count / 2;
		return pack(&packs);
	}
	if (strcmp(command, "replay") == 0 && count == 1)
		return records_replay(arguments[0]);
	if (strcmp(command, "inflate") == 0 && count == 0)
		return inflate_stdin();
	if (strcmp(command, "read") == 0 && count == 1)
		return read_product(arguments[0], scans.threads);
	die(2, "usage: imagegw-squash version | inflate | scan | replay SEGMENT | pack | read PRODUCT");
}
