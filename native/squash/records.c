#define _GNU_SOURCE
#include "records.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "segment.h"

/* Headers are mostly zeros: the fastest level makes a tenth of them. */
#define LEVEL 1
#define PIECE (1u << 17)

struct records {
	int fd;
	ZSTD_CCtx *zstd;
	uint8_t out[PIECE];
	uint64_t size;
};

static void compress(struct records *records, const void *data, size_t size, ZSTD_EndDirective directive)
{
	ZSTD_inBuffer in = { data, size, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { records->out, PIECE, 0 };

		left = ZSTD_compressStream2(records->zstd, &out, &in, directive);
		if (ZSTD_isError(left))
			die(EXIT_OTHER, "the records can't be compressed: %s", ZSTD_getErrorName(left));
		write_all(records->fd, records->out, out.pos);
		records->size += out.pos;
	} while (directive == ZSTD_e_end ? left != 0 : in.pos < in.size);
}

static void keep(void *records, const void *data, size_t size)
{
	compress(records, data, size, ZSTD_e_continue);
}

struct records *records_keep(const char *segment)
{
	struct records *records = must_alloc(sizeof(*records));
	char *path;

	if (asprintf(&path, "%s.records", segment) < 0)
		die(EXIT_OTHER, "no memory");
	records->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (records->fd < 0)
		die_errno(path);
	unlink(path);
	free(path);
	records->zstd = ZSTD_createCCtx();
	if (records->zstd == NULL || ZSTD_isError(ZSTD_CCtx_setParameter(records->zstd, ZSTD_c_compressionLevel, LEVEL)))
		die(EXIT_OTHER, "no memory for zstd");
	emit_also_to(keep, records);
	return records;
}

static EVP_MD_CTX *begin_hash(void)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();

	if (hash == NULL || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1)
		die(EXIT_OTHER, "no sha256");
	return hash;
}

void records_finish(struct records *records, int segment_fd, uint64_t data_bytes, void *const parts[],
		    const size_t part_bytes[], int part_count)
{
	struct segment_tail tail = { .magic = SEGMENT_MAGIC, .index_start = data_bytes, .records_start = data_bytes };
	EVP_MD_CTX *hash = begin_hash();

	emit_flush();
	emit_also_to(NULL, NULL);
	compress(records, NULL, 0, ZSTD_e_end);
	for (int i = 0; i < part_count; i++) {
		write_all(segment_fd, parts[i], part_bytes[i]);
		EVP_DigestUpdate(hash, parts[i], part_bytes[i]);
		tail.records_start += part_bytes[i];
	}
	for (uint64_t at = 0; at < records->size;) {
		size_t size = records->size - at < PIECE ? (size_t)(records->size - at) : PIECE;

		pread_all(records->fd, records->out, size, at, "the records");
		write_all(segment_fd, records->out, size);
		EVP_DigestUpdate(hash, records->out, size);
		at += size;
	}
	tail.end = tail.records_start + records->size;
	EVP_DigestFinal_ex(hash, tail.sha256, NULL);
	write_all(segment_fd, &tail, sizeof(tail));
}

int records_replay(const char *segment)
{
	static uint8_t in[PIECE], out[PIECE];
	int fd = open(segment, O_RDONLY | O_CLOEXEC);
	struct segment_tail tail;
	uint8_t digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *hash = begin_hash();
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	size_t left = 1;

	if (fd < 0)
		die_errno(segment);
	if (zstd == NULL)
		die(EXIT_OTHER, "no memory for zstd");
	tail = segment_tail_of(fd);
	/* First all of it: what is sent is believed. */
	for (uint64_t at = tail.index_start; at < tail.end;) {
		size_t size = tail.end - at < PIECE ? (size_t)(tail.end - at) : PIECE;

		pread_all(fd, in, size, at, "a segment");
		EVP_DigestUpdate(hash, in, size);
		at += size;
	}
	EVP_DigestFinal_ex(hash, digest, NULL);
	if (memcmp(digest, tail.sha256, sizeof(tail.sha256)) != 0)
		die(EXIT_DAMAGED, "the segment is damaged");
	for (uint64_t at = tail.records_start; at < tail.end;) {
		size_t size = tail.end - at < PIECE ? (size_t)(tail.end - at) : PIECE;
		ZSTD_inBuffer from = { in, size, 0 };

		pread_all(fd, in, size, at, "a segment");
		at += size;
		while (from.pos < from.size) {
			ZSTD_outBuffer to = { out, PIECE, 0 };

			left = ZSTD_decompressStream(zstd, &to, &from);
			if (ZSTD_isError(left))
				die(EXIT_DAMAGED, "the segment is damaged: %s", ZSTD_getErrorName(left));
			emit_bytes(out, to.pos);
		}
	}
	while (left != 0) {
		ZSTD_inBuffer nothing = { in, 0, 0 };
		ZSTD_outBuffer to = { out, PIECE, 0 };

		left = ZSTD_decompressStream(zstd, &to, &nothing);
		if (ZSTD_isError(left) || (left != 0 && to.pos == 0))
			die(EXIT_DAMAGED, "the segment is damaged");
		emit_bytes(out, to.pos);
	}
	emit_flush();
	return 0;
}
