/**
 * A tiny model of what layers mean, to compare the merge with: one flat map from path to object, whiteouts of a layer
 * first, then its entries in order. Slow, and written from the specification alone.
 */
import type { TarItem } from '../support/tar.js';

export interface ModelObject {
  readonly type: 'file' | 'directory' | 'symlink';
  /** Content or link target. */
  readonly data: string;
  /** Layers that put this path there, or something below it. */
  layer: number;
}

export class Refused extends Error {}

export type Model = Map<string, ModelObject>;

export function modelOf(layers: readonly (readonly TarItem[])[]): Model {
  const model: Model = new Map();
  layers.forEach((items, layer) => {
    const whiteouts = items.filter(({ name }) => baseName(name).startsWith('.wh.'));
    const directories = new Set(
      items.filter(({ type }) => type === 'directory').map(({ name }) => clean(name)),
    );
    const links = items.filter((item) => item.type === 'hardlink' && !whiteouts.includes(item));
    const below = new Map(links.map((item) => [item, find(model, item.link!)]));
    for (const { name } of whiteouts) whiteout(model, clean(name), directories);
    let waiting = new Map<string, TarItem>();
    for (const item of items) {
      if (whiteouts.includes(item)) continue;
      waiting.delete(clean(item.name));
      if (item.type === 'hardlink' && find(model, item.link!) === undefined)
        waiting.set(clean(item.name), item);
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
    for (const item of waiting.values()) add(model, item, layer, below.get(item));
  });
  return model;
}

function whiteout(model: Model, path: string, directories: ReadonlySet<string>): void {
  const [parent, name] = split(path);
  const prefixes = parent.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'));
  const firstLink = prefixes.find((prefix) => model.get(prefix)?.type === 'symlink');
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
  if (item.type === 'hardlink') {
    target = find(model, item.link!) ?? fallback;
    if (target === undefined || target.type === 'directory') throw new Refused('hard link');
  }
  const path = join(resolve(model, parent, layer)!, name);
  const present = model.get(path);
  if (present === target && target !== undefined) throw new Refused('itself');
  if (item.type === 'directory') {
    if (present?.type === 'directory') present.layer = layer;
    else model.set(path, { type: 'directory', data: '', layer });
    return;
  }
  const below = [...model].filter(([known]) => known.startsWith(`${path}/`));
  if (present?.type === 'directory' && below.some(([, object]) => object.layer === layer))
    throw new Refused('entries below');
  remove(model, path);
  // A link made in this layer counts as of this layer, whatever it links to.
  if (target !== undefined) model.set(path, target);
  else
    model.set(path, {
      type: item.type === 'symlink' ? 'symlink' : 'file',
      data: item.type === 'symlink' ? item.link! : String(item.body),
      layer,
    });
}

function find(model: Model, path: string): ModelObject | undefined {
  const [parent, name] = split(clean(path));
  const at = resolve(model, parent, undefined);
  return at === undefined ? undefined : model.get(join(at, name));
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
      if (missing.pop() === undefined) here = here.includes('/') ? here.slice(0, here.lastIndexOf('/')) : '';
      continue;
    }
    const next = join(here, part);
    const object = missing.length > 0 ? undefined : model.get(next);
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
    model.set(here, { type: 'directory', data: '', layer });
  }
  return here;
}

function remove(model: Model, path: string): void {
  for (const known of [...model.keys()])
    if (known === path || known.startsWith(`${path}/`)) model.delete(known);
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
