#include "stream.h"

#include <isa-l/igzip_lib.h>
#include <string.h>
#include <zstd.h>

#define IN_BYTES (256u << 10)
#define OUT_BYTES (256u << 10)

enum kind { PLAIN, GZIP, ZSTD };

struct stream {
	int fd;
	enum kind kind;
	uint8_t in[IN_BYTES], outs[STREAM_KEEPS][OUT_BYTES];
	/* That which is filled now. */
	uint8_t *out;
	unsigned turn;
	size_t in_size;
	bool in_ends;
	/* gzip */
	struct inflate_state state;
	bool inside; /* of a member or frame */
	/* zstd */
	ZSTD_DCtx *zstd;
	ZSTD_inBuffer zstd_in;
};

static void refill(struct stream *stream)
{
	stream->in_size = read_up_to(stream->fd, stream->in, IN_BYTES);
	stream->in_ends = stream->in_size < IN_BYTES;
}

/* A header's magic, or at least its checksum in octal digits. */
static bool may_be_tar(const uint8_t *head, size_t size)
{
	if (size < 512)
		return false;
	if (memcmp(head + 257, "ustar", 5) == 0)
		return true;
	for (int i = 148; i < 156; i++)
		if (head[i] != 0 && head[i] != ' ' && (head[i] < '0' || head[i] > '7'))
			return false;
	return true;
}

struct stream *stream_open(int fd)
{
	struct stream *stream = must_alloc(sizeof(*stream));
	const uint8_t *head = stream->in;
	uint32_t magic;

	stream->fd = fd;
	refill(stream);
	magic = stream->in_size < 4 ? 0 : head[0] | head[1] << 8 | head[2] << 16 | (uint32_t)head[3] << 24;
	if (stream->in_size >= 2 && head[0] == 0x1f && head[1] == 0x8b) {
		stream->kind = GZIP;
		isal_inflate_init(&stream->state);
		stream->state.next_in = stream->in;
		stream->state.avail_in = (uint32_t)stream->in_size;
	} else if (magic == 0xfd2fb528 || (magic & 0xfffffff0) == 0x184d2a50) {
		stream->kind = ZSTD;
		stream->zstd = ZSTD_createDCtx();
		if (stream->zstd == NULL)
			die(EXIT_OTHER, "no memory for zstd");
		stream->zstd_in = (ZSTD_inBuffer){ stream->in, stream->in_size, 0 };
	} else if (!may_be_tar(head, stream->in_size)) {
		die(EXIT_DAMAGED, "its compression is not known: expected gzip, zstd or a plain tar");
	}
	return stream;
}

static size_t next_plain(struct stream *stream, const uint8_t **data)
{
	size_t size = stream->in_size;

	/* The caller has it in `out` while the next part is read. */
	memcpy(stream->out, stream->in, size);
	*data = stream->out;
	if (stream->in_ends)
		stream->in_size = 0;
	else
		refill(stream);
	return size;
}

/* RFC 1952: members follow each other. Zeros behind the last one are padding, as gzip(1) takes it. */
static bool begins_member(struct stream *stream)
{
	struct inflate_state *state = &stream->state;

	for (;;) {
		while (state->avail_in > 0 && *state->next_in == 0) {
			state->next_in++;
			state->avail_in--;
		}
		if (state->avail_in > 0)
			break;
		if (stream->in_ends)
			return false;
		refill(stream);
		state->next_in = stream->in;
		state->avail_in = (uint32_t)stream->in_size;
	}
	if (*state->next_in != 0x1f)
		die(EXIT_DAMAGED, "there is other data behind the compressed data");
	return true;
}

static size_t next_gzip(struct stream *stream, const uint8_t **data)
{
	struct inflate_state *state = &stream->state;

	state->next_out = stream->out;
	state->avail_out = OUT_BYTES;
	while (state->avail_out > 0) {
		if (!stream->inside) {
			if (!begins_member(stream))
				break;
			/* Keeps where the input and the output are. */
			isal_inflate_reset(state);
			state->crc_flag = ISAL_GZIP;
			stream->inside = true;
		}
		if (state->avail_in == 0 && !stream->in_ends) {
			refill(stream);
			state->next_in = stream->in;
			state->avail_in = (uint32_t)stream->in_size;
		}
		uint32_t room = state->avail_out;
		bool had_input = state->avail_in > 0;
		int error = isal_inflate(state);

		if (error != ISAL_DECOMP_OK)
			die(EXIT_DAMAGED, "its compressed data is damaged (isa-l error %d)", error);
		if (state->block_state == ISAL_BLOCK_FINISH)
			stream->inside = false;
		else if (!had_input && stream->in_ends && state->avail_out == room)
			die(EXIT_DAMAGED, "its compressed data is cut");
	}
	*data = stream->out;
	return OUT_BYTES - state->avail_out;
}

static size_t next_zstd(struct stream *stream, const uint8_t **data)
{
	ZSTD_outBuffer out = { stream->out, OUT_BYTES, 0 };

	while (out.pos < out.size) {
		size_t left;

		if (stream->zstd_in.pos == stream->zstd_in.size) {
			if (stream->in_ends && !stream->inside)
				break;
			if (!stream->in_ends) {
				refill(stream);
				stream->zstd_in = (ZSTD_inBuffer){ stream->in, stream->in_size, 0 };
				continue;
			}
		}
		size_t in_before = stream->zstd_in.pos, out_before = out.pos;

		left = ZSTD_decompressStream(stream->zstd, &out, &stream->zstd_in);
		if (ZSTD_isError(left))
			die(EXIT_DAMAGED, "its compressed data is damaged (%s)", ZSTD_getErrorName(left));
		stream->inside = left != 0;
		if (stream->inside && stream->zstd_in.pos == in_before && out.pos == out_before)
			die(EXIT_DAMAGED, "its compressed data is cut");
	}
	*data = stream->out;
	return out.pos;
}

size_t stream_next(struct stream *stream, const uint8_t **data)
{
	stream->out = stream->outs[stream->turn++ % STREAM_KEEPS];
	if (stream->kind == GZIP)
		return next_gzip(stream, data);
	return stream->kind == ZSTD ? next_zstd(stream, data) : next_plain(stream, data);
}
