/*
 * Makes a product of segments and of a plan that the gateway sends on stdin.
 *
 * The plan, all numbers little endian: for each segment {u32 count, u32 file numbers, ascending}; then the entries, the
 * children of a directory before it and in the order of their names' bytes, the root last:
 *   {u8 type, u32 inode, u16 mode, u32 uid, u32 gid, u32 mtime, u32 links, u16 length, name}
 * and by type: `f` {u32 segment or 2^32-1 when empty, u32 file}; `l` {u16 length, target}; `c` `b` {u32 device}; `p`;
 * `d` {u32 children, u32 parent's inode}; `h` nothing: a further name of an inode that has come.
 * All but `h` end with {u16 count of {u16 length, key, u32 length, value}}, their extended attributes.
 */
#define _GNU_SOURCE
#include "pack.h"

#include <fcntl.h>
#include <sqfs/block.h>
#include <sqfs/dir_writer.h>
#include <sqfs/frag_table.h>
#include <sqfs/id_table.h>
#include <sqfs/inode.h>
#include <sqfs/io.h>
#include <sqfs/meta_writer.h>
#include <sqfs/super.h>
#include <sqfs/xattr_writer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "segments.h"

#define NONE UINT32_MAX

static uint8_t plan[1 << 16];
static size_t plan_at, plan_size;

static void next_bytes(void *to, size_t size)
{
	uint8_t *out = to;

	while (size > 0) {
		if (plan_at == plan_size) {
			plan_at = 0;
			plan_size = read_up_to(STDIN_FILENO, plan, sizeof(plan));
			if (plan_size == 0)
				die(EXIT_OTHER, "the plan ends too early");
		}
		size_t part = plan_size - plan_at < size ? plan_size - plan_at : size;

		memcpy(out, plan + plan_at, part);
		plan_at += part;
		out += part;
		size -= part;
	}
}

static uint32_t next_u32(void)
{
	uint8_t b[4];

	next_bytes(b, 4);
	return b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24;
}

static uint16_t next_u16(void)
{
	uint8_t b[2];

	next_bytes(b, 2);
	return (uint16_t)(b[0] | b[1] << 8);
}

static char *next_text(void)
{
	uint16_t size = next_u16();
	char *text = must_alloc((size_t)size + 1);

	next_bytes(text, size);
	return text;
}

/* A name in a directory that has not come yet. */
struct pending {
	char *name;
	uint32_t inode;
	uint16_t mode;
};

struct build {
	sqfs_file_t *file;
	sqfs_super_t super;
	sqfs_compressor_t *compressor;
	sqfs_meta_writer_t *inodes, *directories;
	sqfs_dir_writer_t *directory;
	sqfs_id_table_t *ids;
	sqfs_xattr_writer_t *xattrs;
	struct segment *segments;
	int segment_count;
	struct pending *pending;
	size_t pending_count, pending_capacity;
	/* By inode number. */
	uint64_t *references;
	uint16_t *modes;
	size_t reference_capacity, mode_capacity;
	uint32_t inode_count;
};

static void check(const char *what, int error)
{
	if (error != 0)
		die_sqfs(what, error);
}

struct entry {
	char type, *name;
	uint32_t inode, uid, gid, mtime, links;
	uint16_t mode;
};

static struct entry next_entry(void)
{
	struct entry entry;

	next_bytes(&entry.type, 1);
	entry.inode = next_u32();
	entry.mode = next_u16();
	entry.uid = next_u32();
	entry.gid = next_u32();
	entry.mtime = next_u32();
	entry.links = next_u32();
	entry.name = next_text();
	return entry;
}

static uint32_t next_xattrs(struct build *build)
{
	uint16_t count = next_u16();
	sqfs_u32 index = NONE;

	if (count == 0)
		return NONE;
	check("extended attributes", sqfs_xattr_writer_begin(build->xattrs, 0));
	for (; count > 0; count--) {
		char *key = next_text();
		uint32_t size = next_u32();
		uint8_t *value = must_alloc(size);

		next_bytes(value, size);
		check(key, sqfs_xattr_writer_add(build->xattrs, key, value, size));
		free(key);
		free(value);
	}
	check("extended attributes", sqfs_xattr_writer_end(build->xattrs, &index));
	return index;
}

static sqfs_inode_generic_t *new_inode(uint16_t type, size_t payload)
{
	sqfs_inode_generic_t *inode = must_alloc(sizeof(*inode) + payload);

	inode->base.type = type;
	inode->payload_bytes_available = inode->payload_bytes_used = (sqfs_u32)payload;
	return inode;
}

static sqfs_inode_generic_t *file_inode(struct build *build, const struct entry *entry)
{
	uint32_t segment = next_u32(), number = next_u32();
	sqfs_inode_generic_t *inode;
	const struct placed_file *file;
	uint64_t holes = 0;

	if (segment == NONE) {
		inode = new_inode(SQFS_INODE_FILE, 0);
		inode->data.file.fragment_index = NONE;
	} else {
		if (segment >= (uint32_t)build->segment_count || number >= build->segments[segment].file_count ||
		    !build->segments[segment].files[number].wanted)
			die(EXIT_OTHER, "the plan names a file that is not in a segment");
		file = &build->segments[segment].files[number];
		inode = new_inode(SQFS_INODE_FILE, file->block_count * sizeof(uint32_t));
		if (file->block_count > 0)
			memcpy(inode->extra, file->block_sizes, file->block_count * sizeof(uint32_t));
		for (uint32_t i = 0; i < file->block_count; i++)
			if (file->block_sizes[i] == 0)
				holes += build->super.block_size;
		inode->data.file.fragment_index = NONE;
		sqfs_inode_set_file_block_start(inode, file->start);
		sqfs_inode_set_file_size(inode, file->size);
		if (file->fragment != NO_FRAGMENT)
			sqfs_inode_set_frag_location(inode, file->fragment, file->fragment_offset);
	}
	if (entry->links > 1 || holes > 0)
		check("an inode", sqfs_inode_make_extended(inode));
	if (inode->base.type == SQFS_INODE_EXT_FILE) {
		inode->data.file_ext.nlink = entry->links;
		inode->data.file_ext.sparse = holes;
	}
	return inode;
}

static sqfs_inode_generic_t *other_inode(const struct entry *entry)
{
	sqfs_inode_generic_t *inode;

	if (entry->type == 'l') {
		char *target = next_text();

		inode = new_inode(SQFS_INODE_SLINK, strlen(target));
		memcpy(inode->extra, target, strlen(target));
		inode->data.slink.nlink = entry->links;
		inode->data.slink.target_size = (sqfs_u32)strlen(target);
		free(target);
	} else if (entry->type == 'p') {
		inode = new_inode(SQFS_INODE_FIFO, 0);
		inode->data.ipc.nlink = entry->links;
	} else {
		inode = new_inode(entry->type == 'c' ? SQFS_INODE_CDEV : SQFS_INODE_BDEV, 0);
		inode->data.dev.nlink = entry->links;
		inode->data.dev.devno = next_u32();
	}
	return inode;
}

/* Lists the entries that wait for this directory. */
static sqfs_inode_generic_t *directory_inode(struct build *build, const struct entry *entry, uint32_t children,
					     uint32_t parent, uint32_t xattrs)
{
	sqfs_inode_generic_t *inode;

	if (children > build->pending_count)
		die(EXIT_OTHER, "the plan gives a directory more entries than have come");
	check("a directory", sqfs_dir_writer_begin(build->directory, 0));
	for (size_t i = build->pending_count - children; i < build->pending_count; i++) {
		struct pending *child = &build->pending[i];

		check("a directory entry", sqfs_dir_writer_add_entry(build->directory, child->name, child->inode,
								     build->references[child->inode], child->mode));
		free(child->name);
	}
	build->pending_count -= children;
	check("a directory", sqfs_dir_writer_end(build->directory));
	inode = sqfs_dir_writer_create_inode(build->directory, 0, xattrs, parent);
	if (inode == NULL)
		die(EXIT_OTHER, "no memory for a directory");
	/* libsquashfs counts all that is in it; only directories are links. */
	if (inode->base.type == SQFS_INODE_DIR)
		inode->data.dir.nlink = entry->links;
	else
		inode->data.dir_ext.nlink = entry->links;
	return inode;
}

static const uint16_t TYPE_BITS[128] = { ['f'] = S_IFREG, ['l'] = S_IFLNK, ['c'] = S_IFCHR,
					 ['b'] = S_IFBLK, ['p'] = S_IFIFO, ['d'] = S_IFDIR };

static void write_inode(struct build *build, struct entry *entry)
{
	uint32_t children = 0, parent = 0, xattrs;
	sqfs_inode_generic_t *inode;
	sqfs_u64 block;
	sqfs_u32 offset;

	if (entry->type == 'd') {
		children = next_u32();
		parent = next_u32();
		xattrs = next_xattrs(build);
		inode = directory_inode(build, entry, children, parent, xattrs);
	} else {
		inode = entry->type == 'f' ? file_inode(build, entry) : other_inode(entry);
		xattrs = next_xattrs(build);
		if (xattrs != NONE) {
			check("extended attributes", sqfs_inode_make_extended(inode));
			check("extended attributes", sqfs_inode_set_xattr_index(inode, xattrs));
		}
	}
	inode->base.mode = entry->mode | TYPE_BITS[entry->type & 127];
	inode->base.mod_time = entry->mtime;
	inode->base.inode_number = entry->inode;
	check("an owner", sqfs_id_table_id_to_index(build->ids, entry->uid, &inode->base.uid_idx));
	check("a group", sqfs_id_table_id_to_index(build->ids, entry->gid, &inode->base.gid_idx));

	sqfs_meta_writer_get_position(build->inodes, &block, &offset);
	build->references = must_grow(build->references, &build->reference_capacity, (size_t)entry->inode + 1,
				      sizeof(*build->references));
	build->modes = must_grow(build->modes, &build->mode_capacity, (size_t)entry->inode + 1, sizeof(*build->modes));
	build->references[entry->inode] = block << 16 | offset;
	build->modes[entry->inode] = inode->base.mode;
	check("an inode", sqfs_meta_writer_write_inode(build->inodes, inode));
	free(inode);
	build->inode_count++;
}

/* Reads entries until the root has come. */
static void write_tree(struct build *build)
{
	for (;;) {
		struct entry entry = next_entry();

		if (entry.type == 'h') {
			if (entry.inode >= build->reference_capacity)
				die(EXIT_OTHER, "the plan links to an inode that has not come");
		} else if (memchr("flcbpd", entry.type, 6) != NULL) {
			write_inode(build, &entry);
		} else {
			die(EXIT_OTHER, "the plan has an entry of unknown type");
		}
		if (entry.name[0] == '\0') {
			build->super.root_inode_ref = build->references[entry.inode];
			return;
		}
		build->pending = must_grow(build->pending, &build->pending_capacity, build->pending_count + 1,
					   sizeof(*build->pending));
		build->pending[build->pending_count++] =
			(struct pending){ entry.name, entry.inode, build->modes[entry.inode] };
	}
}

static void write_tables(struct build *build, const struct product_data *data)
{
	sqfs_frag_table_t *fragments = sqfs_frag_table_create(0);
	sqfs_u32 number;

	check("the inodes", sqfs_meta_writer_flush(build->inodes));
	check("the directories", sqfs_meta_writer_flush(build->directories));
	build->super.directory_table_start = build->file->get_size(build->file);
	check("the directories", sqfs_meta_write_write_to_file(build->directories));
	for (size_t i = 0; i < data->fragment_count; i++)
		check("the fragments", sqfs_frag_table_append(fragments, data->fragment_starts[i],
							      data->fragment_sizes[i], &number));
	build->super.fragment_entry_count = (sqfs_u32)data->fragment_count;
	check("the fragments", sqfs_frag_table_write(fragments, build->file, &build->super, build->compressor));
	check("the owners", sqfs_id_table_write(build->ids, build->file, &build->super, build->compressor));
	check("extended attributes",
	      sqfs_xattr_writer_flush(build->xattrs, build->file, &build->super, build->compressor));
}

/* Whole pages, as loop devices need it. */
static void pad(sqfs_file_t *file)
{
	static const uint8_t zeros[4096];
	uint64_t size = file->get_size(file);

	if (size % sizeof(zeros) != 0)
		check("the end", file->write_at(file, size, zeros, sizeof(zeros) - size % sizeof(zeros)));
}

static struct product_data place_segments(const struct pack_options *options, struct build *build, uint64_t start)
{
	struct product_data data = { .fd = open(options->output, O_RDWR | O_CLOEXEC), .end = start,
				     .shape = options->shape };

	if (data.fd < 0)
		die_errno(options->output);
	build->segment_count = options->segment_count;
	build->segments = must_alloc((size_t)options->segment_count * sizeof(*build->segments));
	for (int i = 0; i < options->segment_count; i++) {
		bool uses_up = strcmp(options->segments[2 * i], "use") == 0;
		int segment_fd = open(options->segments[2 * i + 1], (uses_up ? O_RDWR : O_RDONLY) | O_CLOEXEC);
		uint32_t count = next_u32();
		uint32_t *wanted = must_alloc((size_t)count * sizeof(*wanted));

		if (segment_fd < 0)
			die_errno("a segment");
		for (uint32_t at = 0; at < count; at++)
			wanted[at] = next_u32();
		data.uses_up = uses_up;
		build->segments[i] = segment_place(&data, segment_fd, wanted, count);
		free(wanted);
		close(segment_fd);
	}
	return data;
}

int pack(const struct pack_options *options)
{
	struct build build = { .file = sqfs_open_file(options->output, 0) };
	struct product_data data;
	int written;

	if (build.file == NULL)
		die_errno(options->output);
	build.compressor = compressor_of(&options->shape, false);
	check("the head", sqfs_super_init(&build.super, options->shape.block_size, options->mtime,
					  options->shape.compressor));
	check("the head", sqfs_super_write(&build.super, build.file));
	written = build.compressor->write_options(build.compressor, build.file);
	if (written < 0)
		die_sqfs("the head", written);
	if (written > 0)
		build.super.flags |= SQFS_FLAG_COMPRESSOR_OPTIONS;

	data = place_segments(options, &build, build.file->get_size(build.file));
	/* The file object keeps the size itself. */
	check("the data", build.file->truncate(build.file, data.end));

	build.inodes = sqfs_meta_writer_create(build.file, build.compressor, 0);
	build.directories = sqfs_meta_writer_create(build.file, build.compressor, SQFS_META_WRITER_KEEP_IN_MEMORY);
	build.directory = sqfs_dir_writer_create(build.directories, 0);
	build.ids = sqfs_id_table_create(0);
	build.xattrs = sqfs_xattr_writer_create(0);
	if (!build.inodes || !build.directories || !build.directory || !build.ids || !build.xattrs)
		die(EXIT_OTHER, "no memory for the tables");
	build.super.inode_table_start = build.file->get_size(build.file);
	write_tree(&build);
	write_tables(&build, &data);
	build.super.inode_count = build.inode_count;
	build.super.bytes_used = build.file->get_size(build.file);
	check("the head", sqfs_super_write(&build.super, build.file));
	pad(build.file);
	sqfs_destroy(build.file);
	return 0;
}
