#include "common.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqfs/error.h>
#include <unistd.h>

void die(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	/* Other threads may still be at work: no destructors. */
	fflush(stderr);
	_exit(status);
}

void die_errno(const char *what)
{
	int status = errno == ENOSPC || errno == EDQUOT ? EXIT_SPACE : EXIT_OTHER;

	die(status, "%s: %s", what, strerror(errno));
}

void die_sqfs(const char *what, int error)
{
	/* libsquashfs hides the system's error; a full disk is still in errno. */
	if (error == SQFS_ERROR_IO && errno == ENOSPC)
		die_errno(what);
	die(EXIT_OTHER, "%s: libsquashfs error %d", what, error);
}

void *must_alloc(size_t size)
{
	void *memory = calloc(1, size == 0 ? 1 : size);

	if (memory == NULL)
		die(EXIT_OTHER, "no memory for %zu bytes", size);
	return memory;
}

void *must_grow(void *array, size_t *capacity, size_t count, size_t element)
{
	size_t larger = *capacity == 0 ? 1024 : *capacity;

	if (count <= *capacity)
		return array;
	while (larger < count)
		larger *= 2;
	array = reallocarray(array, larger, element);
	if (array == NULL)
		die(EXIT_OTHER, "no memory for %zu entries", larger);
	*capacity = larger;
	return array;
}

void write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t done = write(fd, at, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			die_errno("write");
		at += done;
		size -= (size_t)done;
	}
}

void pwrite_all(int fd, const void *data, size_t size, uint64_t offset)
{
	const char *at = data;

	while (size > 0) {
		ssize_t done = pwrite(fd, at, size, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			die_errno("write");
		at += done;
		offset += (uint64_t)done;
		size -= (size_t)done;
	}
}

void pread_all(int fd, void *data, size_t size, uint64_t offset, const char *what)
{
	char *at = data;

	while (size > 0) {
		ssize_t done = pread(fd, at, size, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			die_errno(what);
		if (done == 0)
			die(EXIT_DAMAGED, "%s ends too early", what);
		at += done;
		offset += (uint64_t)done;
		size -= (size_t)done;
	}
}

size_t read_up_to(int fd, void *data, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t done = read(fd, (char *)data + have, size - have);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			die_errno("read");
		if (done == 0)
			break;
		have += (size_t)done;
	}
	return have;
}

static char out[1 << 16];
static size_t out_used;
static void (*also)(void *context, const void *data, size_t size);
static void *also_context;

static void send(const void *data, size_t size)
{
	if (also != NULL)
		also(also_context, data, size);
	write_all(STDOUT_FILENO, data, size);
}

void emit_also_to(void (*sink)(void *context, const void *data, size_t size), void *context)
{
	also = sink;
	also_context = context;
}

void emit_flush(void)
{
	send(out, out_used);
	out_used = 0;
}

void emit_bytes(const void *data, size_t size)
{
	if (size > sizeof(out) - out_used)
		emit_flush();
	if (size > sizeof(out)) {
		send(data, size);
		return;
	}
	memcpy(out + out_used, data, size);
	out_used += size;
}

void emit_head(char kind, uint32_t size)
{
	unsigned char head[5] = { (unsigned char)kind, size & 0xff, size >> 8 & 0xff, size >> 16 & 0xff, size >> 24 };

	emit_bytes(head, sizeof(head));
}

void emit(char kind, const void *body, uint32_t size)
{
	emit_head(kind, size);
	if (size > 0)
		emit_bytes(body, size);
}

sqfs_compressor_t *compressor_of(const struct shape *shape, bool inflates)
{
	sqfs_compressor_config_t config;
	sqfs_compressor_t *made;
	int error = sqfs_compressor_config_init(&config, shape->compressor, shape->block_size,
						inflates ? SQFS_COMP_FLAG_UNCOMPRESS : 0);

	if (error == 0 && shape->level >= 0 && !inflates)
		config.level = (uint32_t)shape->level;
	if (error == 0)
		error = sqfs_compressor_create(&config, &made);
	if (error != 0)
		die_sqfs("the compressor can't be set up", error);
	return made;
}
