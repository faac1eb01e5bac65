/*
 * What all parts of imagegw-squash share: errors, buffered output, whole reads and writes.
 *
 * The program is the data plane of a conversion. It never sees a path of an image as a path of this machine, decides
 * nothing about layers, and is told by the gateway what to keep; see README.md beside this file.
 */
#ifndef COMMON_H
#define COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sqfs/compressor.h>

/* Exit statuses that the gateway tells apart. */
enum { EXIT_OTHER = 1, EXIT_DAMAGED = 3, EXIT_LIMIT = 4, EXIT_SPACE = 5 };

/* Prints the message on stderr and exits. */
_Noreturn void die(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a failed system call: EXIT_SPACE for a full disk, else EXIT_OTHER. */
_Noreturn void die_errno(const char *what);
/* For a libsquashfs error number. */
_Noreturn void die_sqfs(const char *what, int error);

void *must_alloc(size_t size);
/* Grows an array to hold at least `count` elements. */
void *must_grow(void *array, size_t *capacity, size_t count, size_t element);

void write_all(int fd, const void *data, size_t size);
void pwrite_all(int fd, const void *data, size_t size, uint64_t offset);
void pread_all(int fd, void *data, size_t size, uint64_t offset, const char *what);
/* Bytes read; less than `size` only at the end of the file. */
size_t read_up_to(int fd, void *data, size_t size);

/* Records for the gateway on stdout: one byte of kind, length in 32 bits (little endian), body. */
void emit(char kind, const void *body, uint32_t size);
/* Header of a record whose body follows in several emit_bytes. */
void emit_head(char kind, uint32_t size);
void emit_bytes(const void *data, size_t size);
void emit_flush(void);
/* All that is sent goes to `sink`, too; NULL: no longer. */
void emit_also_to(void (*sink)(void *context, const void *data, size_t size), void *context);

/* Settings that shape blocks, from the command line. */
struct shape {
	uint32_t block_size;
	int compressor; /* SQFS_COMPRESSOR */
	int level;      /* -1: the compressor's own */
};
sqfs_compressor_t *compressor_of(const struct shape *shape, bool inflates);

#endif
