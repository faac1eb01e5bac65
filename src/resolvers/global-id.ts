/**
 * Global ids: the type, and the natural key in base64url. Opaque to clients. A pull's id is global as it is.
 */
import { isPullId } from '../models/ids.js';

const PREFIXES = { Image: 'image', Tag: 'tag', System: 'system', Registry: 'registry' } as const;
export type KeyedType = keyof typeof PREFIXES;

export function globalId(type: KeyedType, key: string): string {
  return `${PREFIXES[type]}_${Buffer.from(key).toString('base64url')}`;
}

/** Undefined for text that is no id of ours. */
export function parseGlobalId(id: string): { readonly type: KeyedType | 'Pull'; readonly key: string } | undefined {
  if (isPullId(id)) return { type: 'Pull', key: id };
  for (const type of Object.keys(PREFIXES) as KeyedType[]) {
    const prefix = `${PREFIXES[type]}_`;
    if (!id.startsWith(prefix)) continue;
    const key = Buffer.from(id.slice(prefix.length), 'base64url').toString('utf8');
    return globalId(type, key) === id ? { type, key } : undefined;
  }
  return undefined;
}
