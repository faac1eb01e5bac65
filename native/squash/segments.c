#define _GNU_SOURCE
#include "segments.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blocks.h"

/* Copied at once, and then given back. */
#define COPY_BYTES (16u << 20)

struct index {
	struct segment_head head;
	uint32_t *sizes;
	struct segment_file *files;
	struct segment_fragment *fragments;
};

struct segment_tail segment_tail_of(int fd)
{
	struct segment_tail tail = { 0 };
	off_t size = lseek(fd, 0, SEEK_END);

	if (size < 0)
		die_errno("a segment");
	if (size >= (off_t)sizeof(tail))
		pread_all(fd, &tail, sizeof(tail), (uint64_t)size - sizeof(tail), "a segment");
	if (tail.magic != SEGMENT_MAGIC || tail.index_start > tail.records_start || tail.records_start > tail.end ||
	    tail.end != (uint64_t)size - sizeof(tail))
		die(EXIT_DAMAGED, "a segment is not whole, or was made by another version");
	return tail;
}

/* Takes an array out of the index. */
static void *next_array(uint8_t *index, size_t *at, size_t size, size_t count, size_t element)
{
	void *array = index + *at;

	if (count > (size - *at) / element)
		die(EXIT_DAMAGED, "the index of a segment ends too early");
	*at += count * element;
	return array;
}

static _Noreturn void die_unfit(void)
{
	die(EXIT_DAMAGED, "the index of a segment does not fit its data");
}

/* Whether all that the index says lies within it: a disk may have damaged it. */
static bool is_sound(const struct index *index)
{
	const struct segment_head *head = &index->head;

	for (uint32_t i = 0; i < head->fragments; i++) {
		const struct segment_fragment *fragment = &index->fragments[i];

		if (fragment->block >= head->blocks || fragment->size > head->block_size ||
		    (i > 0 && fragment->block <= fragment[-1].block))
			return false;
	}
	for (uint32_t i = 0; i < head->files; i++) {
		const struct segment_file *file = &index->files[i];
		uint32_t tail = (uint32_t)(file->size % head->block_size);

		if (file->size / head->block_size != file->block_count)
			return false;
		if (file->block_count > 0 && (file->first_block >= head->blocks ||
					      file->block_count > head->blocks - file->first_block))
			return false;
		if ((tail > 0) != (file->fragment != NO_FRAGMENT))
			return false;
		if (tail > 0 && (file->fragment >= head->fragments ||
				 tail > index->fragments[file->fragment].size ||
				 file->fragment_offset > index->fragments[file->fragment].size - tail))
			return false;
	}
	return true;
}

static struct index read_index(int fd, const struct shape *shape)
{
	struct segment_tail tail = segment_tail_of(fd);
	struct index index;
	size_t at = 0, size = tail.records_start - tail.index_start;
	uint8_t *bytes = must_alloc(size);
	uint64_t data = 0;

	pread_all(fd, bytes, size, tail.index_start, "a segment");
	index.head = *(struct segment_head *)next_array(bytes, &at, size, 1, sizeof(index.head));
	/* The largest first, so that each is aligned. */
	index.files = next_array(bytes, &at, size, index.head.files, sizeof(*index.files));
	index.sizes = next_array(bytes, &at, size, index.head.blocks, sizeof(*index.sizes));
	index.fragments = next_array(bytes, &at, size, index.head.fragments, sizeof(*index.fragments));
	for (uint32_t block = 0; block < index.head.blocks; block++) {
		if (BLOCK_BYTES(index.sizes[block]) > shape->block_size)
			die_unfit();
		data += BLOCK_BYTES(index.sizes[block]);
	}
	if (index.head.block_size != shape->block_size || data != tail.index_start || !is_sound(&index))
		die_unfit();
	return index;
}

static void copy_range(int from, uint64_t offset, struct product_data *product, uint64_t size)
{
	static uint8_t buffer[1 << 18];

	while (size > 0) {
		uint64_t part = size < COPY_BYTES ? size : COPY_BYTES;
		loff_t in = (loff_t)offset, out = (loff_t)product->end;
		ssize_t done = copy_file_range(from, &in, product->fd, &out, part, 0);

		if (done < 0 && errno == ENOSPC)
			die_errno("write");
		if (done <= 0) {
			/* Not on this kernel or between these file systems. */
			done = (ssize_t)(part < sizeof(buffer) ? part : sizeof(buffer));
			pread_all(from, buffer, (size_t)done, offset, "a segment");
			pwrite_all(product->fd, buffer, (size_t)done, product->end);
		}
		/* So that both together take little more than the product. Where it can't be, nothing is lost. */
		if (product->uses_up)
			(void)fallocate(from, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, done);
		offset += (uint64_t)done;
		product->end += (uint64_t)done;
		size -= (uint64_t)done;
	}
}

static uint32_t add_fragment(struct product_data *product, uint64_t start, uint32_t size)
{
	size_t count = product->fragment_count + 1;

	product->fragment_starts = must_grow(product->fragment_starts, &product->fragment_capacity, count,
					     sizeof(*product->fragment_starts));
	product->fragment_sizes = must_grow(product->fragment_sizes, &product->size_capacity, count,
					    sizeof(*product->fragment_sizes));
	product->fragment_starts[count - 1] = start;
	product->fragment_sizes[count - 1] = size;
	product->fragment_count = count;
	return (uint32_t)(count - 1);
}

/* Tails out of blocks that also hold unwanted ones. */
struct repacked {
	sqfs_compressor_t *in, *out;
	uint8_t *stored, *block, *tails, *compressed;
	uint32_t used;
	/* Fragment number that the open block will get is known when it is written. */
	struct placed_file **waiting;
	size_t waiting_count, waiting_capacity;
};

static void flush_repacked(struct repacked *repacked, struct product_data *product)
{
	sqfs_s32 size;
	uint32_t number;

	if (repacked->used == 0)
		return;
	size = repacked->out->do_block(repacked->out, repacked->tails, repacked->used, repacked->compressed,
				       product->shape.block_size);
	if (size < 0)
		die_sqfs("a block can't be compressed", size);
	pwrite_all(product->fd, size > 0 ? repacked->compressed : repacked->tails,
		   size > 0 ? (size_t)size : repacked->used, product->end);
	number = add_fragment(product, product->end, size > 0 ? (uint32_t)size : repacked->used | BLOCK_UNCOMPRESSED);
	product->end += size > 0 ? (uint64_t)size : repacked->used;
	for (size_t i = 0; i < repacked->waiting_count; i++)
		repacked->waiting[i]->fragment = number;
	repacked->waiting_count = 0;
	repacked->used = 0;
}

static void open_repacked(struct repacked *repacked, const struct shape *shape)
{
	if (repacked->in != NULL)
		return;
	repacked->in = compressor_of(shape, true);
	repacked->out = compressor_of(shape, false);
	repacked->stored = must_alloc(shape->block_size);
	repacked->block = must_alloc(shape->block_size);
	repacked->tails = must_alloc(shape->block_size);
	repacked->compressed = must_alloc(shape->block_size);
}

static void load_block(struct repacked *repacked, int fd, uint64_t offset, uint32_t stored_size, uint32_t size)
{
	uint32_t bytes = BLOCK_BYTES(stored_size);

	if ((stored_size & BLOCK_UNCOMPRESSED) != 0) {
		pread_all(fd, repacked->block, bytes, offset, "a segment");
		return;
	}
	pread_all(fd, repacked->stored, bytes, offset, "a segment");
	if (repacked->in->do_block(repacked->in, repacked->stored, bytes, repacked->block, size) != (sqfs_s32)size)
		die(EXIT_OTHER, "a segment's block can't be read");
}

static void repack_tail(struct repacked *repacked, struct product_data *product, struct placed_file *file)
{
	uint32_t size = (uint32_t)(file->size % product->shape.block_size);

	if (repacked->used + size > product->shape.block_size)
		flush_repacked(repacked, product);
	memcpy(repacked->tails + repacked->used, repacked->block + file->fragment_offset, size);
	file->fragment_offset = repacked->used;
	repacked->used += size;
	repacked->waiting = must_grow(repacked->waiting, &repacked->waiting_capacity, repacked->waiting_count + 1,
				      sizeof(*repacked->waiting));
	repacked->waiting[repacked->waiting_count++] = file;
}

struct segment segment_place(struct product_data *product, int data_fd, const uint32_t *wanted, uint32_t wanted_count)
{
	struct index index = read_index(data_fd, &product->shape);
	struct segment segment = { must_alloc(index.head.files * sizeof(*segment.files)), index.head.files };
	struct repacked repacked = { 0 };
	/* A range of the segment that is to be copied and not copied yet. */
	uint64_t offset = 0, pending_start = 0, pending_size = 0;
	uint32_t fragment = 0, tail_file = 0;

	for (uint32_t i = 0; i < wanted_count; i++) {
		if (wanted[i] >= index.head.files)
			die(EXIT_OTHER, "a segment has no file %u", wanted[i]);
		segment.files[wanted[i]].wanted = true;
	}
	for (uint32_t i = 0; i < index.head.files; i++) {
		struct segment_file *from = &index.files[i];
		struct placed_file *to = &segment.files[i];

		to->size = from->size;
		to->block_count = from->block_count;
		to->block_sizes = index.sizes + from->first_block;
		to->fragment = from->fragment;
		to->fragment_offset = from->fragment_offset;
	}

	uint32_t file = 0;

	for (uint32_t block = 0; block < index.head.blocks; block++) {
		uint32_t bytes = BLOCK_BYTES(index.sizes[block]);
		bool copies = false;

		if (fragment < index.head.fragments && index.fragments[fragment].block == block) {
			/* The files of one block of tails follow each other. */
			uint32_t first, wanted_here = 0, all = 0;

			while (tail_file < index.head.files && index.files[tail_file].fragment != fragment)
				tail_file++;
			first = tail_file;
			for (uint32_t i = first; i < index.head.files; i++) {
				if (index.files[i].fragment == NO_FRAGMENT)
					continue;
				if (index.files[i].fragment != fragment)
					break;
				all++;
				wanted_here += segment.files[i].wanted;
				tail_file = i + 1;
			}
			copies = wanted_here == all;
			if (copies) {
				uint32_t number =
					add_fragment(product, product->end + pending_size, index.sizes[block]);

				for (uint32_t i = first; i < tail_file; i++)
					if (index.files[i].fragment == fragment)
						segment.files[i].fragment = number;
			} else if (wanted_here > 0) {
				open_repacked(&repacked, &product->shape);
				copy_range(data_fd, pending_start, product, pending_size);
				pending_size = 0;
				load_block(&repacked, data_fd, offset, index.sizes[block],
					   index.fragments[fragment].size);
				for (uint32_t i = first; i < tail_file; i++)
					if (index.files[i].fragment == fragment && segment.files[i].wanted)
						repack_tail(&repacked, product, &segment.files[i]);
			}
			fragment++;
		} else {
			while (file < index.head.files && (index.files[file].block_count == 0 ||
							   index.files[file].first_block + index.files[file].block_count <= block))
				file++;
			copies = file < index.head.files && segment.files[file].wanted;
			if (copies && index.files[file].first_block == block)
				segment.files[file].start = product->end + pending_size;
		}
		if (copies) {
			if (pending_size == 0)
				pending_start = offset;
			pending_size += bytes;
		} else {
			copy_range(data_fd, pending_start, product, pending_size);
			pending_size = 0;
		}
		offset += bytes;
	}
	copy_range(data_fd, pending_start, product, pending_size);
	flush_repacked(&repacked, product);
	return segment;
}
