/**
 * Builds tar archives byte by byte, right ones and wrong ones. It shares no code with the gateway's own reader and
 * writer, so that a mistake there is not repeated here.
 *
 * Names are "binary" strings: one UTF-16 unit for each byte.
 */
export type TarType = 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo';

export interface TarItem {
  readonly name: string;
  /** Default `file`. */
  readonly type?: TarType;
  /** A type flag of its own, for archives that are not right. */
  readonly flag?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly link?: string;
  readonly body?: Buffer | string;
  /** What the header says the size is, when it is to lie. */
  readonly size?: number;
  readonly major?: number;
  readonly minor?: number;
  /** Records of a pax header in front: binary values. */
  readonly pax?: Readonly<Record<string, string>>;
  /** Bytes written over the header (before its checksum). */
  readonly patch?: (header: Buffer) => void;
  /** Changes the header after its checksum. */
  readonly spoil?: (header: Buffer) => void;
}

const FLAGS: Readonly<Record<TarType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

/** A whole archive with its end. */
export function tarOf(...items: readonly TarItem[]): Buffer {
  return Buffer.concat([...items.map(tarItem), Buffer.alloc(1024)]);
}

/** One entry: what goes before it (GNU long names, pax), its header, its body and padding. */
export function tarItem(item: TarItem): Buffer {
  const parts: Buffer[] = [];
  if (item.pax !== undefined) parts.push(record('x', 'PaxHeaders/x', paxBody(item.pax)));
  if (item.name.length > 100)
    parts.push(record('L', '././@LongLink', Buffer.from(`${item.name}\0`, 'latin1')));
  const link = item.link ?? '';
  if (link.length > 100) parts.push(record('K', '././@LongLink', Buffer.from(`${link}\0`, 'latin1')));
  const body =
    typeof item.body === 'string' ? Buffer.from(item.body, 'latin1') : (item.body ?? Buffer.alloc(0));
  const type = item.type ?? 'file';
  const header = tarHeader({
    name: item.name,
    flag: item.flag ?? FLAGS[type],
    mode: item.mode ?? (type === 'directory' ? 0o755 : 0o644),
    uid: item.uid ?? 0,
    gid: item.gid ?? 0,
    mtime: item.mtime ?? 1_700_000_000,
    size: item.size ?? body.length,
    link,
    major: item.major ?? 0,
    minor: item.minor ?? 0,
    patch: item.patch,
  });
  item.spoil?.(header);
  parts.push(header, padded(body));
  return Buffer.concat(parts);
}

/** The body of a pax header. */
export function paxBody(records: Readonly<Record<string, string>>): Buffer {
  let text = '';
  for (const [key, value] of Object.entries(records)) {
    const tail = ` ${key}=${value}\n`;
    let length = tail.length + 1;
    while (`${String(length)}${tail}`.length !== length) length++;
    text += `${String(length)}${tail}`;
  }
  return Buffer.from(text, 'latin1');
}

/** A header with a body that belongs to the entry behind it (`x`, `g`, `L`, `K`). */
export function record(flag: string, name: string, body: Buffer): Buffer {
  const header = tarHeader({
    name,
    flag,
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0,
    size: body.length,
    link: '',
    major: 0,
    minor: 0,
    patch: undefined,
  });
  return Buffer.concat([header, padded(body)]);
}

interface Fields {
  readonly name: string;
  readonly flag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly size: number;
  readonly link: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: ((header: Buffer) => void) | undefined;
}

function tarHeader(fields: Fields): Buffer {
  const header = Buffer.alloc(512);
  header.write(fields.name.slice(0, 100), 0, 'latin1');
  numberAt(header, 100, 8, fields.mode);
  numberAt(header, 108, 8, fields.uid);
  numberAt(header, 116, 8, fields.gid);
  numberAt(header, 124, 12, fields.size);
  numberAt(header, 136, 12, fields.mtime);
  header.write(fields.flag, 156, 'latin1');
  header.write(fields.link.slice(0, 100), 157, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  numberAt(header, 329, 8, fields.major);
  numberAt(header, 337, 8, fields.minor);
  fields.patch?.(header);
  header.write('        ', 148, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function numberAt(header: Buffer, at: number, width: number, value: number): void {
  const octal = value.toString(8);
  if (value >= 0 && octal.length < width) {
    header.write(`${octal.padStart(width - 1, '0')}\0`, at, 'latin1');
    return;
  }
  let rest = BigInt.asUintN(width * 8 - 1, BigInt(value));
  for (let i = width - 1; i >= 0; i--) {
    header[at + i] = Number(rest & 255n);
    rest >>= 8n;
  }
  header[at] = header[at]! | 0x80 | (value < 0 ? 0x40 : 0);
}

function padded(body: Buffer): Buffer {
  return body.length % 512 === 0 ? body : Buffer.concat([body, Buffer.alloc(512 - (body.length % 512))]);
}
