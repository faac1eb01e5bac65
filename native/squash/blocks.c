#include "blocks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum state { FREE, READY, BUSY, DONE };

struct slot {
	enum state state;
	uint8_t *in, *out;
	uint32_t in_size, out_size;
	bool may_be_hole;
};

struct blocks {
	struct shape shape;
	int fd;
	struct slot *slots;
	unsigned slot_count, thread_count;
	pthread_t *threads;
	pthread_mutex_t lock;
	pthread_cond_t work, room;
	/* Block numbers: the next to come, to be worked on, to be written. */
	uint32_t next_in, next_work, next_out;
	bool writes, ends;
	uint32_t *sizes;
	size_t sizes_capacity;
};

static bool is_zeros(const uint8_t *data, uint32_t size)
{
	return data[0] == 0 && memcmp(data, data + 1, size - 1) == 0;
}

static void compress_slot(struct blocks *blocks, sqfs_compressor_t *compressor, struct slot *slot)
{
	sqfs_s32 size;

	if (slot->may_be_hole && is_zeros(slot->in, slot->in_size)) {
		slot->out_size = 0;
		return;
	}
	size = compressor->do_block(compressor, slot->in, slot->in_size, slot->out, blocks->shape.block_size);
	if (size < 0)
		die_sqfs("a block can't be compressed", size);
	/* 0: it would not get smaller. */
	slot->out_size = size > 0 ? (uint32_t)size : slot->in_size | BLOCK_UNCOMPRESSED;
}

/* With the lock held: writes what is next in order, as far as it is done. One thread at a time. */
static void write_done(struct blocks *blocks)
{
	if (blocks->writes)
		return;
	blocks->writes = true;
	for (;;) {
		struct slot *slot = &blocks->slots[blocks->next_out % blocks->slot_count];

		if (blocks->next_out == blocks->next_work || slot->state != DONE)
			break;
		pthread_mutex_unlock(&blocks->lock);
		write_all(blocks->fd, (slot->out_size & BLOCK_UNCOMPRESSED) != 0 ? slot->in : slot->out,
			  BLOCK_BYTES(slot->out_size));
		pthread_mutex_lock(&blocks->lock);
		blocks->sizes[blocks->next_out++] = slot->out_size;
		slot->state = FREE;
		pthread_cond_signal(&blocks->room);
	}
	blocks->writes = false;
}

static void *work(void *argument)
{
	struct blocks *blocks = argument;
	sqfs_compressor_t *compressor = compressor_of(&blocks->shape, false);

	pthread_mutex_lock(&blocks->lock);
	for (;;) {
		struct slot *slot;

		while (blocks->next_work == blocks->next_in && !blocks->ends)
			pthread_cond_wait(&blocks->work, &blocks->lock);
		if (blocks->next_work == blocks->next_in)
			break;
		slot = &blocks->slots[blocks->next_work++ % blocks->slot_count];
		slot->state = BUSY;
		pthread_mutex_unlock(&blocks->lock);
		compress_slot(blocks, compressor, slot);
		pthread_mutex_lock(&blocks->lock);
		slot->state = DONE;
		write_done(blocks);
	}
	pthread_mutex_unlock(&blocks->lock);
	sqfs_destroy(compressor);
	return NULL;
}

uint8_t *blocks_buffer(const struct blocks *blocks)
{
	return must_alloc(blocks->shape.block_size);
}

struct blocks *blocks_open(const struct shape *shape, unsigned threads, unsigned slots, int fd)
{
	struct blocks *blocks = must_alloc(sizeof(*blocks));

	blocks->shape = *shape;
	blocks->fd = fd;
	blocks->slot_count = slots;
	blocks->thread_count = threads;
	blocks->slots = must_alloc(slots * sizeof(*blocks->slots));
	for (unsigned i = 0; i < slots; i++) {
		blocks->slots[i].in = blocks_buffer(blocks);
		blocks->slots[i].out = blocks_buffer(blocks);
	}
	pthread_mutex_init(&blocks->lock, NULL);
	pthread_cond_init(&blocks->work, NULL);
	pthread_cond_init(&blocks->room, NULL);
	blocks->threads = must_alloc(threads * sizeof(*blocks->threads));
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&blocks->threads[i], NULL, work, blocks) != 0)
			die(EXIT_OTHER, "a thread can't be started");
	return blocks;
}

uint32_t blocks_put(struct blocks *blocks, uint8_t **buffer, uint32_t size, bool may_be_hole)
{
	struct slot *slot;
	uint8_t *empty;
	uint32_t number;

	pthread_mutex_lock(&blocks->lock);
	number = blocks->next_in;
	slot = &blocks->slots[number % blocks->slot_count];
	while (slot->state != FREE)
		pthread_cond_wait(&blocks->room, &blocks->lock);
	if (number == UINT32_MAX)
		die(EXIT_LIMIT, "a layer has too many blocks");
	blocks->sizes = must_grow(blocks->sizes, &blocks->sizes_capacity, (size_t)number + 1, sizeof(*blocks->sizes));
	empty = slot->in;
	slot->in = *buffer;
	*buffer = empty;
	slot->in_size = size;
	slot->may_be_hole = may_be_hole;
	slot->state = READY;
	blocks->next_in++;
	pthread_cond_signal(&blocks->work);
	pthread_mutex_unlock(&blocks->lock);
	return number;
}

uint32_t *blocks_close(struct blocks *blocks, uint32_t *count)
{
	pthread_mutex_lock(&blocks->lock);
	blocks->ends = true;
	pthread_cond_broadcast(&blocks->work);
	pthread_mutex_unlock(&blocks->lock);
	for (unsigned i = 0; i < blocks->thread_count; i++)
		pthread_join(blocks->threads[i], NULL);
	*count = blocks->next_in;
	return blocks->sizes;
}
