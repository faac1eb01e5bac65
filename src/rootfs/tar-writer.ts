/**
 * Headers of the flat tar that the packer reads: ustar with GNU's long names and base-256 numbers, and pax for
 * extended attributes only. Names never go through pax, because mksquashfs 4.5 cuts `/`, `./` and `../` off link
 * targets that come that way.
 */
import { paddingOf } from './tar-parser.js';
import { BLOCK } from './tar-entry.js';
import type { InodeType } from './inodes.js';

/** What a header says of an object. */
export interface TarAttributes {
  readonly type: InodeType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly size: number;
  readonly linkTarget: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly xattrs: ReadonlyMap<string, string>;
}

const FLAGS = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
} as const;

/** The header blocks of one path. With `linkTo` it is a hard link to that path, which must have been written before. */
export function tarHeader(path: string, inode: TarAttributes, linkTo?: string): Buffer {
  const blocks: Buffer[] = [];
  const name = inode.type === 'directory' ? `${path}/` : path;
  const link = linkTo ?? inode.linkTarget;
  if (inode.xattrs.size > 0 && linkTo === undefined) blocks.push(...withBody('x', paxXattrs(inode.xattrs)));
  if (link.length > 100) blocks.push(...withBody('K', Buffer.from(`${link}\0`, 'latin1')));
  if (name.length > 100) blocks.push(...withBody('L', Buffer.from(`${name}\0`, 'latin1')));
  blocks.push(
    header(
      name,
      inode,
      linkTo === undefined ? FLAGS[inode.type] : FLAGS.hardlink,
      link,
      linkTo === undefined ? inode.size : 0,
    ),
  );
  return blocks.length === 1 ? (blocks[0] ?? Buffer.alloc(0)) : Buffer.concat(blocks);
}

/** The end of the archive. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK);
}

/** Fills up the last block of a body. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc(paddingOf(size));
}

/** A file that nobody is going to see. */
export const PLAIN_FILE: TarAttributes = {
  type: 'file',
  mode: 0,
  uid: 0,
  gid: 0,
  mtime: 0,
  size: 0,
  linkTarget: '',
  deviceMajor: 0,
  deviceMinor: 0,
  xattrs: new Map(),
};

function withBody(flag: string, body: Buffer): Buffer[] {
  return [header('././@LongLink', PLAIN_FILE, flag, '', body.length), body, tarPadding(body.length)];
}

function header(name: string, inode: TarAttributes, flag: string, link: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name.slice(0, 100), 0, 'latin1');
  number(block, 100, 8, inode.mode);
  number(block, 108, 8, inode.uid);
  number(block, 116, 8, inode.gid);
  number(block, 124, 12, size);
  number(block, 136, 12, inode.mtime);
  block.write(flag, 156, 'latin1');
  block.write(link.slice(0, 100), 157, 'latin1');
  block.write('ustar  \0', 257, 'latin1');
  if (inode.type === 'char' || inode.type === 'block') {
    number(block, 329, 8, inode.deviceMajor);
    number(block, 337, 8, inode.deviceMinor);
  }
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += block[i] ?? 0;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Octal where it fits, else base-256. */
function number(block: Buffer, offset: number, length: number, value: number): void {
  const digits = value.toString(8);
  if (value >= 0 && digits.length < length) {
    block.write(digits.padStart(length - 1, '0'), offset, 'latin1');
    return;
  }
  let rest = BigInt(value);
  for (let i = length - 1; i >= 0; i--, rest >>= 8n) block[offset + i] = Number(rest & 0xffn);
  block[offset] = (block[offset] ?? 0) | 0x80;
}

function paxXattrs(xattrs: ReadonlyMap<string, string>): Buffer {
  let records = '';
  for (const [name, value] of [...xattrs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const rest = ` SCHILY.xattr.${name}=${value}\n`;
    let length = rest.length;
    // The length counts itself.
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
    records += `${String(length)}${rest}`;
  }
  return Buffer.from(records, 'latin1');
}
