/*
 * Reads a product back, whole: every name with its attributes, a checksum of every file, the digest of the product.
 * squashfs has no checksums of content, so the gateway compares these with what went in.
 *
 * Records: `n` a name {u8 type, u32 inode, u16 mode, u32 uid, u32 gid, u32 mtime, u64 size, u32 device, u32 links, u16
 * length, path, u16 length, target}, parents first, and behind it `x` its extended attributes, if any {u16 length, key, u32 length,
 * value}; then `c` the content of each file {u32 inode, u32 crc32}; then `e` the end {u64 bytes, sha256}.
 */
#define _GNU_SOURCE
#include "product.h"

#include <fcntl.h>
#include <isa-l/crc.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sqfs/block.h>
#include <sqfs/dir.h>
#include <sqfs/dir_reader.h>
#include <sqfs/frag_table.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/super.h>
#include <sqfs/xattr.h>
#include <sqfs/xattr_reader.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "blocks.h"
#include "common.h"

/* Blocks of a file that one thread reads at a time. */
#define PIECE_BLOCKS 64
/* Bytes that a thread takes from the list at once. */
#define SHARE_BYTES (4u << 20)
#define NO_FRAGMENT UINT32_MAX
#define NO_XATTR UINT32_MAX

/* A run of blocks of one file, its tail with the last. */
struct piece {
	uint64_t start, size;
	const uint32_t *block_sizes;
	uint32_t block_count, fragment, fragment_offset;
	uint32_t inode, order, crc;
};

struct reader {
	int fd;
	sqfs_super_t super;
	struct shape shape;
	sqfs_compressor_t *compressor;
	sqfs_id_table_t *ids;
	sqfs_frag_table_t *fragments;
	sqfs_dir_reader_t *directories;
	sqfs_xattr_reader_t *xattrs;
	uint8_t *seen; /* by inode number */
	struct piece *pieces;
	size_t piece_count, piece_capacity;
	pthread_mutex_t lock;
	size_t next_piece;
};

static void check(const char *what, int error)
{
	if (error != 0)
		die(EXIT_DAMAGED, "%s can't be read: libsquashfs error %d", what, error);
}

static void put(uint8_t **at, const void *data, size_t size)
{
	memcpy(*at, data, size);
	*at += size;
}

static void emit_xattrs(struct reader *reader, uint32_t index)
{
	sqfs_xattr_id_t description;
	uint8_t *body = NULL, *at;
	size_t capacity = 0, used = 0;

	if (index == NO_XATTR || reader->xattrs == NULL)
		return;
	check("an attribute", sqfs_xattr_reader_get_desc(reader->xattrs, index, &description));
	check("an attribute", sqfs_xattr_reader_seek_kv(reader->xattrs, &description));
	for (uint32_t i = 0; i < description.count; i++) {
		sqfs_xattr_entry_t *key;
		sqfs_xattr_value_t *value;

		check("an attribute", sqfs_xattr_reader_read_key(reader->xattrs, &key));
		check("an attribute", sqfs_xattr_reader_read_value(reader->xattrs, key, &value));
		uint16_t length = (uint16_t)strlen((const char *)key->key);

		body = must_grow(body, &capacity, used + 2 + length + 4 + value->size, 1);
		at = body + used;
		put(&at, &length, 2);
		put(&at, key->key, length);
		put(&at, &value->size, 4);
		put(&at, value->value, value->size);
		used = (size_t)(at - body);
		free(key);
		free(value);
	}
	emit('x', body, (uint32_t)used);
	free(body);
}

static void add_pieces(struct reader *reader, const sqfs_inode_generic_t *inode, uint64_t size)
{
	size_t blocks = sqfs_inode_get_file_block_count(inode);
	uint32_t fragment = NO_FRAGMENT, offset = 0, order = 0;
	uint64_t start = 0, left = size;
	uint32_t *sizes = must_alloc(blocks * sizeof(*sizes));
	size_t at = 0;

	memcpy(sizes, inode->extra, blocks * sizeof(*sizes));
	sqfs_inode_get_frag_location(inode, &fragment, &offset);
	sqfs_inode_get_file_block_start(inode, &start);
	do {
		size_t count = blocks - at < PIECE_BLOCKS ? blocks - at : PIECE_BLOCKS;
		bool is_last = at + count == blocks;
		uint64_t most = (uint64_t)count * reader->super.block_size;
		struct piece piece = { .start = start, .block_sizes = sizes + at, .block_count = (uint32_t)count,
				       .inode = inode->base.inode_number, .order = order++,
				       .fragment = is_last ? fragment : NO_FRAGMENT, .fragment_offset = offset };

		piece.size = is_last ? left : most;
		if (piece.size > left || (is_last && left > most + reader->super.block_size))
			die(EXIT_DAMAGED, "a file has another size than its blocks");
		for (size_t i = 0; i < count; i++)
			start += BLOCK_BYTES(sizes[at + i]);
		at += count;
		left -= piece.size;
		reader->pieces = must_grow(reader->pieces, &reader->piece_capacity, reader->piece_count + 1,
					   sizeof(piece));
		reader->pieces[reader->piece_count++] = piece;
	} while (at < blocks);
}

static uint32_t owner(struct reader *reader, uint16_t index)
{
	sqfs_u32 id;

	check("an owner", sqfs_id_table_index_to_id(reader->ids, index, &id));
	return id;
}

static uint32_t links_of(const sqfs_inode_generic_t *inode)
{
	switch (inode->base.type) {
	case SQFS_INODE_DIR:
		return inode->data.dir.nlink;
	case SQFS_INODE_EXT_DIR:
		return inode->data.dir_ext.nlink;
	case SQFS_INODE_FILE:
		return 1;
	case SQFS_INODE_EXT_FILE:
		return inode->data.file_ext.nlink;
	case SQFS_INODE_SLINK:
		return inode->data.slink.nlink;
	case SQFS_INODE_EXT_SLINK:
		return inode->data.slink_ext.nlink;
	case SQFS_INODE_BDEV:
	case SQFS_INODE_CDEV:
		return inode->data.dev.nlink;
	case SQFS_INODE_EXT_BDEV:
	case SQFS_INODE_EXT_CDEV:
		return inode->data.dev_ext.nlink;
	case SQFS_INODE_FIFO:
	case SQFS_INODE_SOCKET:
		return inode->data.ipc.nlink;
	default:
		return inode->data.ipc_ext.nlink;
	}
}

static void emit_name(struct reader *reader, const sqfs_inode_generic_t *inode, const char *path, size_t path_size)
{
	static const char types[] = { 0, 'd', 'f', 'l', 'b', 'c', 'p', 's' };
	unsigned kind = inode->base.type > SQFS_INODE_SOCKET ? inode->base.type - SQFS_INODE_SOCKET : inode->base.type;
	char type = types[kind];
	uint32_t uid = owner(reader, inode->base.uid_idx), gid = owner(reader, inode->base.gid_idx);
	uint32_t device = 0, xattr = NO_XATTR, links = links_of(inode);
	uint16_t mode = inode->base.mode & 07777, target_size = 0, length = (uint16_t)path_size;
	uint64_t size = 0;
	uint8_t head[64], *at = head;

	if (type == 'f')
		sqfs_inode_get_file_size(inode, &size);
	if (type == 'l')
		target_size = (uint16_t)(inode->base.type == SQFS_INODE_SLINK ? inode->data.slink.target_size
									       : inode->data.slink_ext.target_size);
	if (type == 'b' || type == 'c')
		device = inode->base.type <= SQFS_INODE_SOCKET ? inode->data.dev.devno : inode->data.dev_ext.devno;
	sqfs_inode_get_xattr_index(inode, &xattr);

	put(&at, &type, 1);
	put(&at, &inode->base.inode_number, 4);
	put(&at, &mode, 2);
	put(&at, &uid, 4);
	put(&at, &gid, 4);
	put(&at, &inode->base.mod_time, 4);
	put(&at, &size, 8);
	put(&at, &device, 4);
	put(&at, &links, 4);
	put(&at, &length, 2);
	emit_head('n', (uint32_t)(at - head) + length + 2 + target_size);
	emit_bytes(head, (size_t)(at - head));
	emit_bytes(path, path_size);
	emit_bytes(&target_size, 2);
	emit_bytes(inode->extra, target_size);
	emit_xattrs(reader, xattr);

	if (inode->base.inode_number == 0 || inode->base.inode_number > reader->super.inode_count)
		die(EXIT_DAMAGED, "an inode has an impossible number");
	if (type == 'f' && !reader->seen[inode->base.inode_number])
		add_pieces(reader, inode, size);
	reader->seen[inode->base.inode_number] = 1;
}

struct listed {
	char *name;
	sqfs_inode_generic_t *inode;
};

static bool is_directory(const sqfs_inode_generic_t *inode)
{
	return inode->base.type == SQFS_INODE_DIR || inode->base.type == SQFS_INODE_EXT_DIR;
}

static void visit(struct reader *reader, const sqfs_inode_generic_t *inode, char *path, size_t path_size)
{
	struct listed *list = NULL;
	size_t count = 0, capacity = 0;
	int error;

	emit_name(reader, inode, path, path_size);
	if (!is_directory(inode))
		return;
	check("a directory", sqfs_dir_reader_open_dir(reader->directories, inode, 0));
	for (;;) {
		sqfs_dir_entry_t *entry;

		error = sqfs_dir_reader_read(reader->directories, &entry);
		if (error > 0)
			break;
		check("a directory", error);
		list = must_grow(list, &capacity, count + 1, sizeof(*list));
		list[count].name = strndup((const char *)entry->name, (size_t)entry->size + 1);
		check("an inode", sqfs_dir_reader_get_inode(reader->directories, &list[count].inode));
		count++;
		free(entry);
	}
	for (size_t i = 0; i < count; i++) {
		size_t name_size = strlen(list[i].name), size = path_size;

		if (size + 1 + name_size > UINT16_MAX)
			die(EXIT_DAMAGED, "a path is too long");
		if (size > 0)
			path[size++] = '/';
		memcpy(path + size, list[i].name, name_size);
		visit(reader, list[i].inode, path, size + name_size);
		free(list[i].name);
		free(list[i].inode);
	}
	free(list);
}

/* Buffers of one thread. */
struct worker {
	struct reader *reader;
	sqfs_compressor_t *compressor;
	uint8_t *stored, *block, *tails, *zeros;
	uint32_t fragment;
};

static void load(struct worker *worker, uint64_t start, uint32_t stored_size, uint8_t *into, uint32_t least)
{
	struct reader *reader = worker->reader;
	uint32_t bytes = BLOCK_BYTES(stored_size), got = bytes;

	if (bytes > reader->super.block_size)
		die(EXIT_DAMAGED, "a block is too large");
	if ((stored_size & BLOCK_UNCOMPRESSED) != 0) {
		pread_all(reader->fd, into, bytes, start, "the product");
	} else {
		pread_all(reader->fd, worker->stored, bytes, start, "the product");
		sqfs_s32 size = worker->compressor->do_block(worker->compressor, worker->stored, bytes, into,
							      reader->super.block_size);

		if (size <= 0)
			die(EXIT_DAMAGED, "a block at %llu can't be read", (unsigned long long)start);
		got = (uint32_t)size;
	}
	if (got < least)
		die(EXIT_DAMAGED, "a block at %llu is too short", (unsigned long long)start);
}

static void read_piece(struct worker *worker, struct piece *piece)
{
	struct reader *reader = worker->reader;
	uint64_t start = piece->start, left = piece->size;
	uint32_t crc = 0, block_size = reader->super.block_size;

	for (uint32_t i = 0; i < piece->block_count; i++) {
		uint32_t size = left < block_size ? (uint32_t)left : block_size;
		const uint8_t *data = worker->zeros;

		if (BLOCK_BYTES(piece->block_sizes[i]) != 0) {
			load(worker, start, piece->block_sizes[i], worker->block, size);
			data = worker->block;
		}
		crc = crc32_gzip_refl(crc, data, size);
		start += BLOCK_BYTES(piece->block_sizes[i]);
		left -= size;
	}
	if (left > 0) {
		sqfs_fragment_t fragment;

		check("a fragment", sqfs_frag_table_lookup(reader->fragments, piece->fragment, &fragment));
		if (worker->fragment != piece->fragment)
			load(worker, fragment.start_offset, fragment.size, worker->tails, 0);
		worker->fragment = piece->fragment;
		if (piece->fragment_offset + left > block_size)
			die(EXIT_DAMAGED, "a tail lies outside of its fragment");
		crc = crc32_gzip_refl(crc, worker->tails + piece->fragment_offset, left);
	}
	piece->crc = crc;
}

static void *read_pieces(void *argument)
{
	struct worker worker = { .reader = argument, .fragment = NO_FRAGMENT };
	struct reader *reader = argument;
	uint32_t block_size = reader->super.block_size;

	worker.compressor = compressor_of(&reader->shape, true);
	worker.stored = must_alloc(block_size);
	worker.block = must_alloc(block_size);
	worker.tails = must_alloc(block_size);
	worker.zeros = must_alloc(block_size);
	for (;;) {
		size_t from, to;

		pthread_mutex_lock(&reader->lock);
		from = to = reader->next_piece;
		for (uint64_t bytes = 0; to < reader->piece_count && bytes < SHARE_BYTES; to++)
			bytes += reader->pieces[to].size;
		reader->next_piece = to;
		pthread_mutex_unlock(&reader->lock);
		if (from == to)
			return NULL;
		for (; from < to; from++)
			read_piece(&worker, &reader->pieces[from]);
	}
}

struct digest {
	int fd;
	uint64_t bytes;
	unsigned char value[32];
};

static void *read_digest(void *argument)
{
	static uint8_t buffer[1 << 20];
	struct digest *digest = argument;
	EVP_MD_CTX *hash = EVP_MD_CTX_new();

	if (hash == NULL || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1)
		die(EXIT_OTHER, "no sha256");
	for (;;) {
		ssize_t got = pread(digest->fd, buffer, sizeof(buffer), (off_t)digest->bytes);

		if (got < 0)
			die_errno("the product");
		if (got == 0)
			break;
		EVP_DigestUpdate(hash, buffer, (size_t)got);
		digest->bytes += (uint64_t)got;
	}
	EVP_DigestFinal_ex(hash, digest->value, NULL);
	return NULL;
}

/*
 * The product is going to be synced when it is published: the disk may begin while it is read here. In a thread, because
 * the call waits when the disk has much to do; the thread may outlive the reading, and so has nothing of it but the file. That
 * it fails is told by the sync.
 */
static void *begin_writing(void *argument)
{
	(void)sync_file_range((int)(intptr_t)argument, 0, 0, SYNC_FILE_RANGE_WRITE);
	return NULL;
}

static int by_place(const void *a, const void *b)
{
	const struct piece *first = a, *second = b;

	if (first->fragment != second->fragment && first->block_count == 0 && second->block_count == 0)
		return first->fragment < second->fragment ? -1 : 1;
	if (first->block_count == 0 || second->block_count == 0)
		return (int)(first->block_count == 0) - (int)(second->block_count == 0);
	return first->start < second->start ? -1 : first->start > second->start;
}

static int by_file(const void *a, const void *b)
{
	const struct piece *first = a, *second = b;

	if (first->inode != second->inode)
		return first->inode < second->inode ? -1 : 1;
	return first->order < second->order ? -1 : 1;
}

static void emit_checksums(struct reader *reader)
{
	if (reader->piece_count == 0)
		return;
	qsort(reader->pieces, reader->piece_count, sizeof(*reader->pieces), by_file);
	for (size_t i = 0; i < reader->piece_count;) {
		uint32_t body[2] = { reader->pieces[i].inode, reader->pieces[i].crc };

		for (i++; i < reader->piece_count && reader->pieces[i].inode == body[0]; i++)
			body[1] = (uint32_t)crc32_combine(body[1], reader->pieces[i].crc,
							  (z_off_t)reader->pieces[i].size);
		emit('c', body, sizeof(body));
	}
}

static void open_tables(struct reader *reader, const char *path)
{
	sqfs_file_t *file = sqfs_open_file(path, SQFS_FILE_OPEN_READ_ONLY);

	if (file == NULL)
		die_errno(path);
	reader->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (reader->fd < 0)
		die_errno(path);
	check("the head", sqfs_super_read(&reader->super, file));
	reader->shape = (struct shape){ reader->super.block_size, reader->super.compression_id, -1 };
	reader->compressor = compressor_of(&reader->shape, true);
	reader->ids = sqfs_id_table_create(0);
	reader->fragments = sqfs_frag_table_create(0);
	check("the owners", sqfs_id_table_read(reader->ids, file, &reader->super, reader->compressor));
	check("the fragments", sqfs_frag_table_read(reader->fragments, file, &reader->super, reader->compressor));
	if ((reader->super.flags & SQFS_FLAG_NO_XATTRS) == 0) {
		reader->xattrs = sqfs_xattr_reader_create(0);
		check("the attributes",
		      sqfs_xattr_reader_load(reader->xattrs, &reader->super, file, reader->compressor));
	}
	reader->directories = sqfs_dir_reader_create(&reader->super, reader->compressor, file, 0);
	if (reader->directories == NULL)
		die(EXIT_OTHER, "no memory for the directories");
	reader->seen = must_alloc((size_t)reader->super.inode_count + 1);
}

int read_product(const char *path, unsigned threads)
{
	static char name[UINT16_MAX + 1];
	struct reader reader = { 0 };
	struct digest digest = { 0 };
	sqfs_inode_generic_t *root;
	pthread_t hasher, writing, *workers = must_alloc(threads * sizeof(*workers));

	open_tables(&reader, path);
	digest.fd = reader.fd;
	pthread_mutex_init(&reader.lock, NULL);
	if (pthread_create(&writing, NULL, begin_writing, (void *)(intptr_t)reader.fd) != 0 || pthread_detach(writing) != 0)
		die(EXIT_OTHER, "a thread can't be started");
	if (pthread_create(&hasher, NULL, read_digest, &digest) != 0)
		die(EXIT_OTHER, "a thread can't be started");
	check("the root", sqfs_dir_reader_get_root_inode(reader.directories, &root));
	visit(&reader, root, name, 0);
	emit_flush();
	if (reader.piece_count > 0)
		qsort(reader.pieces, reader.piece_count, sizeof(*reader.pieces), by_place);
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&workers[i], NULL, read_pieces, &reader) != 0)
			die(EXIT_OTHER, "a thread can't be started");
	for (unsigned i = 0; i < threads; i++)
		pthread_join(workers[i], NULL);
	emit_checksums(&reader);
	pthread_join(hasher, NULL);
	emit_head('e', 8 + sizeof(digest.value));
	emit_bytes(&digest.bytes, 8);
	emit_bytes(digest.value, sizeof(digest.value));
	emit_flush();
	return 0;
}
