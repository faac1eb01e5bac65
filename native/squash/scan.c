/*
 * Reads a layer once: proves its digest, sends its headers to the gateway and turns its file bodies into a segment.
 *
 * The gateway parses the headers; here only as much of them is understood as is needed to find the next one: the
 * size of a body. Each body is replaced by a record of its size, which the gateway compares with what it has read in
 * the header, so that the two can't disagree unnoticed.
 *
 * Records: `h` bytes of the archive as they are; `b` a body {u64 size, u32 padding, u32 file number or 2^32-1, u32 crc32};
 * `z` zeros behind the end of the archive {u64 count}; `s` a sparse file, which this program does not read: the end;
 * `e` the end {u64 bytes, digest}.
 */
#include "scan.h"

#include <fcntl.h>
#include <isa-l/crc.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blocks.h"
#include "digester.h"
#include "records.h"
#include "segment.h"
#include "stream.h"

#define TAR_BLOCK 512
_Static_assert(STREAM_KEEPS > DIGESTER_BEHIND, "a buffer would be filled again before it is hashed");
#define NO_FILE UINT32_MAX

struct reader {
	struct stream *stream;
	const uint8_t *at;
	size_t left;
	uint64_t bytes, most;
	struct digester *digester;
};

/* The next bytes of the layer, at most `most`; 0 at its end. */
static size_t take(struct reader *reader, size_t most, const uint8_t **data)
{
	size_t size;

	if (reader->left == 0 && reader->bytes <= reader->most) {
		reader->left = stream_next(reader->stream, &reader->at);
		reader->bytes += reader->left;
		if (reader->left > 0)
			digester_add(reader->digester, reader->at, reader->left);
		/* What lies within the limit is still read, so that the gateway can name the entry that goes beyond it. */
		if (reader->bytes > reader->most)
			reader->left -= reader->bytes - reader->most;
	}
	if (reader->left == 0 && reader->bytes > reader->most) {
		emit_flush();
		die(EXIT_LIMIT, "more than %llu bytes", (unsigned long long)reader->most);
	}
	size = reader->left < most ? reader->left : most;
	*data = reader->at;
	reader->at += size;
	reader->left -= size;
	return size;
}

/* Copies `size` bytes of the layer; gives fewer only at its end. */
static size_t take_whole(struct reader *reader, uint8_t *to, size_t size)
{
	size_t have = 0;

	while (have < size) {
		const uint8_t *data;
		size_t got = take(reader, size - have, &data);

		if (got == 0)
			break;
		memcpy(to + have, data, got);
		have += got;
	}
	return have;
}

/* The gateway refuses the layer for what it has been sent; what is compressed so far is of no use. */
static _Noreturn void stop_here(void)
{
	emit_flush();
	_exit(0);
}

/* The headers so far go out first: the gateway may have a better reason. */
static _Noreturn void die_cut(void)
{
	emit_flush();
	die(EXIT_DAMAGED, "the archive is cut in the middle of an entry");
}

struct writer {
	struct blocks *blocks; /* NULL: bodies are only counted */
	uint32_t block_size;
	uint8_t *block, *tails;
	uint32_t tails_used, first_of_tails;
	struct segment_file *files;
	size_t file_count, file_capacity;
	struct segment_fragment *fragments;
	size_t fragment_count, fragment_capacity;
};

static void flush_tails(struct writer *writer)
{
	if (writer->tails_used == 0)
		return;
	writer->fragments = must_grow(writer->fragments, &writer->fragment_capacity, writer->fragment_count + 1,
				      sizeof(*writer->fragments));
	writer->fragments[writer->fragment_count++] = (struct segment_fragment){
		.size = writer->tails_used,
		.block = blocks_put(writer->blocks, &writer->tails, writer->tails_used, false),
	};
	writer->tails_used = 0;
}

static void add_tail(struct writer *writer, struct segment_file *file, uint32_t size)
{
	if (writer->tails_used + size > writer->block_size)
		flush_tails(writer);
	memcpy(writer->tails + writer->tails_used, writer->block, size);
	file->fragment = (uint32_t)writer->fragment_count;
	file->fragment_offset = writer->tails_used;
	writer->tails_used += size;
}

/* Reads a body of `size` bytes into blocks; gives its checksum. */
static uint32_t store_body(struct reader *reader, struct writer *writer, uint64_t size)
{
	struct segment_file file = { .size = size, .fragment = NO_FRAGMENT };
	uint32_t crc = 0, used = 0;

	for (uint64_t left = size; left > 0;) {
		const uint8_t *data;
		uint32_t room = writer->block_size - used;
		size_t got = take(reader, left < room ? left : room, &data);

		if (got == 0)
			die_cut();
		crc = crc32_gzip_refl(crc, data, got);
		memcpy(writer->block + used, data, got);
		used += (uint32_t)got;
		left -= got;
		if (used < writer->block_size)
			continue;
		uint32_t number = blocks_put(writer->blocks, &writer->block, used, true);

		if (file.block_count++ == 0)
			file.first_block = number;
		used = 0;
	}
	if (used > 0)
		add_tail(writer, &file, used);
	writer->files = must_grow(writer->files, &writer->file_capacity, writer->file_count + 1, sizeof(file));
	writer->files[writer->file_count++] = file;
	return crc;
}

static uint32_t skip_body(struct reader *reader, uint64_t size)
{
	uint32_t crc = 0;

	while (size > 0) {
		const uint8_t *data;
		size_t got = take(reader, size, &data);

		if (got == 0)
			die_cut();
		crc = crc32_gzip_refl(crc, data, got);
		size -= got;
	}
	return crc;
}

/* Fewer than 512 only at the end. */
static uint64_t skip_padding(struct reader *reader, uint64_t size)
{
	uint64_t skipped = 0, padding = (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;

	while (skipped < padding) {
		const uint8_t *data;
		size_t got = take(reader, padding - skipped, &data);

		if (got == 0)
			break;
		skipped += got;
	}
	return skipped;
}

/* A numeric field of a header; -1 when it is none that fits. */
static int64_t number_of(const uint8_t *field, int length)
{
	uint64_t value = 0;
	int i = 0;

	if ((field[0] & 0x80) != 0) {
		value = field[0] & 0x7f;
		for (i = 1; i < length; i++) {
			if (value >> 54 != 0)
				return -1;
			value = value << 8 | field[i];
		}
		return (int64_t)value;
	}
	while (i < length && field[i] == ' ')
		i++;
	for (; i < length && field[i] >= '0' && field[i] <= '7'; i++)
		value = value << 3 | (uint64_t)(field[i] - '0');
	return (int64_t)value;
}

#define NOT_SAID -1
#define IMPOSSIBLE -2
#define TAKEN_BACK -3 /* by an empty value: the field of the header counts, whatever a global record says */

/* What a pax header says of the next entry: its size, or that it is sparse. */
struct pax {
	int64_t size; /* NOT_SAID, IMPOSSIBLE, TAKEN_BACK */
	bool sparse;
};

static void read_pax(const uint8_t *body, size_t size, struct pax *pax)
{
	static const char size_key[] = "size=", sparse_key[] = "GNU.sparse.";

	for (size_t at = 0; at < size;) {
		size_t length = 0, key = at;

		while (key < size && body[key] >= '0' && body[key] <= '9' && length < size)
			length = length * 10 + (size_t)(body[key++] - '0');
		if (key >= size || body[key] != ' ' || length <= key - at || length > size - at)
			return; /* malformed: the gateway refuses it */
		key++;
		size_t value_end = at + length - 1;

		if (value_end - key >= sizeof(size_key) - 1 && memcmp(body + key, size_key, sizeof(size_key) - 1) == 0) {
			key += sizeof(size_key) - 1;
			pax->size = key == value_end ? TAKEN_BACK : 0;
			for (; key < value_end && pax->size != IMPOSSIBLE; key++) {
				bool fits = body[key] >= '0' && body[key] <= '9' && pax->size < INT64_MAX / 20;

				pax->size = fits ? pax->size * 10 + (body[key] - '0') : IMPOSSIBLE;
			}
		} else if (value_end - key >= sizeof(sparse_key) - 1 &&
			   memcmp(body + key, sparse_key, sizeof(sparse_key) - 1) == 0) {
			pax->sparse = true;
		}
		at += length;
	}
}

/* Sends the body of an extension header; a pax one is looked into. */
static void send_extension(struct reader *reader, uint64_t size, uint64_t most, struct pax *pax)
{
	uint64_t whole = size + (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
	uint8_t *body;
	size_t have;

	if (size > most) {
		stop_here();
	}
	body = must_alloc(whole);
	have = take_whole(reader, body, whole);
	emit('h', body, (uint32_t)have);
	if (pax != NULL && have >= size)
		read_pax(body, size, pax);
	free(body);
}

static bool is_zero(const uint8_t *block)
{
	return block[0] == 0 && memcmp(block, block + 1, TAR_BLOCK - 1) == 0;
}

/* Behind the end of the archive there are zeros; anything else goes to the gateway, which refuses it. */
static void read_trailer(struct reader *reader)
{
	uint64_t zeros = 0;
	const uint8_t *data;
	size_t got;

	while ((got = take(reader, SIZE_MAX, &data)) > 0) {
		if (data[0] != 0 || memcmp(data, data + 1, got - 1) != 0) {
			emit('z', &zeros, sizeof(zeros));
			emit('h', data, (uint32_t)got);
			stop_here();
		}
		zeros += got;
	}
	emit('z', &zeros, sizeof(zeros));
}

static void send_body(struct reader *reader, struct writer *writer, uint64_t size, bool is_file)
{
	uint64_t padding;
	uint32_t file = NO_FILE, crc = 0;

	if (is_file && writer->blocks != NULL) {
		file = (uint32_t)writer->file_count;
		crc = store_body(reader, writer, size);
	} else {
		crc = skip_body(reader, size);
	}
	padding = skip_padding(reader, size);
	emit_head('b', 20);
	emit_bytes(&size, 8);
	emit_bytes(&(uint32_t){ (uint32_t)padding }, 4);
	emit_bytes(&file, 4);
	emit_bytes(&crc, 4);
}

/* Gives false at a sparse file. */
static bool read_archive(struct reader *reader, struct writer *writer, uint64_t most_extension)
{
	struct pax global = { .size = NOT_SAID }, pax = global;

	for (;;) {
		uint8_t header[TAR_BLOCK];
		size_t have = take_whole(reader, header, TAR_BLOCK);

		if (have > 0)
			emit('h', header, (uint32_t)have);
		if (have < TAR_BLOCK)
			return true;
		if (is_zero(header)) {
			read_trailer(reader);
			return true;
		}
		char type = (char)header[156];
		int64_t size = number_of(header + 124, 12);

		if (type == 'x' || type == 'X' || type == 'g' || type == 'L' || type == 'K') {
			struct pax *into = type == 'g' ? &global : type == 'L' || type == 'K' ? NULL : &pax;

			send_extension(reader, size < 0 ? UINT64_MAX : (uint64_t)size, most_extension, into);
			if (type == 'g')
				pax.sparse |= global.sparse;
			continue;
		}
		if (type == 'S' || pax.sparse || global.sparse)
			return false;
		int64_t said = pax.size != NOT_SAID ? pax.size : global.size;

		if (said != NOT_SAID && said != TAKEN_BACK)
			size = said;
		pax = (struct pax){ .size = NOT_SAID };
		/* Links, directories and special files have no body, whatever their size says. */
		if (type >= '1' && type <= '6')
			size = 0;
		if (size < 0) {
			stop_here();
		}
		if (size > 0)
			send_body(reader, writer, (uint64_t)size, type == '0' || type == '\0' || type == '7');
	}
}

static void finish_segment(struct writer *writer, struct records *records, int fd)
{
	uint64_t data_bytes = 0;
	struct segment_head head = {
		.block_size = writer->block_size,
		.files = (uint32_t)writer->file_count,
		.fragments = (uint32_t)writer->fragment_count,
	};
	uint32_t *sizes = blocks_close(writer->blocks, &head.blocks);

	for (uint32_t block = 0; block < head.blocks; block++)
		data_bytes += BLOCK_BYTES(sizes[block]);
	void *const parts[] = { &head, writer->files, sizes, writer->fragments };
	const size_t bytes[] = {
		sizeof(head),
		writer->file_count * sizeof(*writer->files),
		(size_t)head.blocks * sizeof(*sizes),
		writer->fragment_count * sizeof(*writer->fragments),
	};

	records_finish(records, fd, data_bytes, parts, bytes, 4);
}

int scan(const struct scan_options *options)
{
	struct reader reader = { .stream = stream_open(STDIN_FILENO), .most = options->most_bytes };
	struct writer writer = { .block_size = options->shape.block_size };
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_size;
	struct records *records = NULL;
	int segment = -1;

	reader.digester = digester_open(options->hash);
	if (options->segment != NULL) {
		segment = open(options->segment, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (segment < 0)
			die_errno(options->segment);
		records = records_keep(options->segment);
		writer.blocks = blocks_open(&options->shape, options->threads, options->slots, segment);
		writer.block = blocks_buffer(writer.blocks);
		writer.tails = blocks_buffer(writer.blocks);
	}
	if (!read_archive(&reader, &writer, options->most_extension)) {
		emit('s', NULL, 0);
		stop_here();
	}
	digest_size = digester_close(reader.digester, digest);
	emit_head('e', 8 + digest_size);
	emit_bytes(&reader.bytes, 8);
	emit_bytes(digest, digest_size);
	emit_flush();
	if (segment >= 0) {
		flush_tails(&writer);
		finish_segment(&writer, records, segment);
	}
	return 0;
}
