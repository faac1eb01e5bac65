/**
 * A tiny model of what layers mean, to compare the merge with: one flat map from path to object, whiteouts of a layer
 * first, then its entries in order. Slow, and written from the specification alone.
 */
import { crc32 } from 'node:zlib';
import type { TarItem, TarType } from '../support/tar.js';

/** A file, a directory, ...: hard links are several paths to one of them. */
export interface ModelObject {
  readonly type: Exclude<TarType, 'hardlink'>;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  /** Content, link target, or device. */
  readonly data: string;
  readonly xattrs: Readonly<Record<string, string>>;
}

interface Place {
  readonly object: ModelObject;
  /** The layer that put something here, or below. */
  layer: number;
}

export class Refused extends Error {}

export type Model = Map<string, Place>;

const IMPLIED: ModelObject = { type: 'directory', mode: 0o755, uid: 0, gid: 0, mtime: 0, data: '', xattrs: {} };
const XATTR = 'SCHILY.xattr.';

export function modelOf(layers: readonly (readonly TarItem[])[]): Model {
  const model: Model = new Map();
  layers.forEach((items, layer) => {
    const whiteouts = items.filter(({ name }) => baseName(name).startsWith('.wh.'));
    const directories = new Set(items.filter(({ type }) => type === 'directory').map(({ name }) => clean(name)));
    const links = items.filter((item) => item.type === 'hardlink' && !whiteouts.includes(item));
    const present = new Map(links.map((item) => [item, find(model, item.link!)]));
    for (const { name } of whiteouts) whiteout(model, clean(name), directories);
    const removed = new Map([...present].filter(([item]) => find(model, item.link!) === undefined));
    let waiting = new Map<string, TarItem>();
    for (const item of items) {
      if (whiteouts.includes(item)) continue;
      waiting.delete(clean(item.name));
      if (item.type === 'hardlink' && find(model, item.link!) === undefined) waiting.set(clean(item.name), item);
      else add(model, item, layer, undefined);
    }
    // Links to what came later, in rounds; then those to what this layer has removed.
    for (let before = -1; before !== waiting.size;) {
      before = waiting.size;
      const still = new Map<string, TarItem>();
      for (const [path, item] of waiting) {
        if (find(model, item.link!) === undefined) still.set(path, item);
        else add(model, item, layer, undefined);
      }
      waiting = still;
    }
    for (const item of waiting.values()) add(model, item, layer, removed.get(item));
  });
  return model;
}

/** A line for each path: all that is known of it, and the first path of the same object when it has several. */
export function shownModel(model: Model): string[] {
  const groups = new Map<ModelObject, string[]>();
  for (const path of [...model.keys()].sort()) {
    const { object } = model.get(path)!;
    groups.set(object, [...(groups.get(object) ?? []), path]);
  }
  return [...groups]
    .flatMap(([object, paths]) => paths.map((path) => `${path} ${shownObject(object)}${paths.length > 1 && object.type !== 'directory' ? ` = ${paths[0]!}` : ''}`))
    .sort();
}

function shownObject({ type, mode, uid, gid, mtime, data, xattrs }: ModelObject): string {
  const what = type === 'file' ? `${String(data.length)} ${String(crc32(Buffer.from(data, 'latin1')))}` : data;
  return `${type} ${mode.toString(8)} ${String(uid)}:${String(gid)} @${String(mtime)} ${what} ${JSON.stringify(xattrs)}`;
}

function objectOf(item: TarItem): ModelObject {
  const type = item.type === undefined || item.type === 'hardlink' ? 'file' : item.type;
  const data = { file: String(item.body ?? ''), symlink: item.link!, char: device(item), block: device(item), directory: '', fifo: '' };
  return {
    type,
    mode: type === 'symlink' ? 0o777 : (item.mode ?? (type === 'directory' ? 0o755 : 0o644)),
    uid: item.uid ?? 0,
    gid: item.gid ?? 0,
    mtime: item.mtime ?? 1_700_000_000,
    data: data[type],
    xattrs: Object.fromEntries(
      Object.entries(item.pax ?? {})
        .filter(([key]) => key.startsWith(XATTR))
        .map(([key, value]) => [key.slice(XATTR.length), value]),
    ),
  };
}

function device({ major, minor }: TarItem): string {
  return `${String(major ?? 0)},${String(minor ?? 0)}`;
}

function whiteout(model: Model, path: string, directories: ReadonlySet<string>): void {
  const [parent, name] = split(path);
  const prefixes = parent.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'));
  const firstLink = prefixes.find((prefix) => model.get(prefix)?.object.type === 'symlink');
  if (firstLink !== undefined && directories.has(firstLink)) return;
  const at = resolve(model, parent, undefined);
  if (at === undefined) return;
  const below = at === '' ? '' : `${at}/`;
  if (name === '.wh..wh..opq') {
    for (const known of [...model.keys()]) if (known.startsWith(below) && known !== at) model.delete(known);
  } else remove(model, below + name.slice(4));
}

function add(model: Model, item: TarItem, layer: number, fallback: ModelObject | undefined): void {
  const [parent, name] = split(clean(item.name));
  let target: ModelObject | undefined;
  let targetPath: string | undefined;
  if (item.type === 'hardlink') {
    targetPath = placeOf(model, item.link!);
    target = find(model, item.link!) ?? fallback;
    if (target === undefined || target.type === 'directory') throw new Refused('hard link');
  }
  const path = join(resolve(model, parent, layer)!, name);
  const present = model.get(path);
  if (present !== undefined && path === targetPath) throw new Refused('itself');
  if (item.type === 'directory' && present?.object.type === 'directory') {
    model.set(path, { object: objectOf(item), layer });
    return;
  }
  const below = [...model].filter(([known]) => known.startsWith(`${path}/`));
  if (below.some(([, place]) => place.layer === layer)) throw new Refused('entries below');
  remove(model, path);
  model.set(path, { object: target ?? objectOf(item), layer });
}

function find(model: Model, path: string): ModelObject | undefined {
  const place = placeOf(model, path);
  return place === undefined ? undefined : model.get(place)?.object;
}

/** Where a path leads, whether or not something is there. */
function placeOf(model: Model, path: string): string | undefined {
  const [parent, name] = split(clean(path));
  const at = resolve(model, parent, undefined);
  return at === undefined ? undefined : join(at, name);
}

/** Where a directory really is; made on the way when `layer` is given. */
function resolve(model: Model, path: string, layer: number | undefined): string | undefined {
  const todo = path.split('/').filter((part) => part !== '');
  let here = '';
  /** Below it, and not there: `..` takes them back. */
  const missing: string[] = [];
  let hops = 0;
  for (let part = todo.shift(); part !== undefined; part = todo.shift()) {
    if (part === '.') continue;
    if (part === '..') {
      if (missing.pop() === undefined) here = split(here)[0];
      continue;
    }
    const next = join(here, part);
    const object = missing.length > 0 ? undefined : model.get(next)?.object;
    if (object === undefined) {
      missing.push(part);
    } else if (object.type === 'directory') {
      here = next;
    } else if (object.type === 'symlink') {
      if (++hops > 40 && layer === undefined) return undefined;
      if (hops > 40) throw new Refused('links');
      todo.unshift(...object.data.split('/').filter((each) => each !== ''));
      if (object.data.startsWith('/')) here = '';
    } else if (layer === undefined) return undefined;
    else throw new Refused('below a file');
  }
  if (layer === undefined) return missing.length > 0 ? undefined : here;
  for (let above = here; above !== ''; above = split(above)[0]) model.get(above)!.layer = layer;
  for (const name of missing) {
    here = join(here, name);
    model.set(here, { object: { ...IMPLIED }, layer });
  }
  return here;
}

function remove(model: Model, path: string): void {
  for (const known of [...model.keys()]) if (known === path || known.startsWith(`${path}/`)) model.delete(known);
}

function split(path: string): [parent: string, name: string] {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)];
}

function join(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`;
}

function clean(name: string): string {
  return name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

function baseName(name: string): string {
  return split(clean(name))[1];
}
