import { randomInt } from 'node:crypto';
import type { Column, Texts } from './columns.js';

/** The highest bits of a hash choose the part. */
const PART_BITS = 8;
const FIRST_SLOTS = 16;

/**
 * Finds a node of the tree by its directory and its name: one hash table for all directories, because one for each would
 * take more memory than the nodes themselves. It is in parts, so that no growing of it takes long.
 *
 * The hash begins with a secret, so that no layer can be made whose names all meet.
 */
export class NameIndex {
  readonly #parents: Column;
  readonly #names: Column;
  readonly #texts: Texts;
  readonly #secret = randomInt(2 ** 32);
  readonly #parts: readonly Part[] = Array.from({ length: 1 << PART_BITS }, () => ({ slots: new Uint32Array(FIRST_SLOTS), used: 0 }));

  /** Columns of the nodes: their directories, and the positions of their names. */
  constructor(parents: Column, names: Column, texts: Texts) {
    this.#parents = parents;
    this.#names = names;
    this.#texts = texts;
  }

  /** The node that was put last with this name; 0 for none. */
  find(parent: number, name: string): number {
    const hash = this.#hash(parent, name);
    const { slots } = this.#partOf(hash);
    return slots[this.#slotOf(slots, hash, parent, name)] ?? 0;
  }

  /** Takes the place of another of its name. 0, the root, is in no directory. */
  put(node: number, parent: number, name: string): void {
    const hash = this.#hash(parent, name);
    const part = this.#partOf(hash);
    const { slots } = part;
    const slot = this.#slotOf(slots, hash, parent, name);
    const isNew = slots[slot] === 0;
    slots[slot] = node;
    if (isNew && ++part.used * 4 > slots.length * 3) part.slots = this.#grown(slots);
  }

  #partOf(hash: number): Part {
    return this.#parts[hash >>> (32 - PART_BITS)] ?? NO_PART;
  }

  /** Where it is, or would be: the first slot from its hash on (linear probing) that is free or its own. */
  #slotOf(slots: Uint32Array, hash: number, parent: number, name: string): number {
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const node = slots[slot] ?? 0;
      if (node === 0) return slot;
      if (this.#parents.get(node) === parent && this.#texts.is(this.#names.get(node), name)) return slot;
    }
  }

  #grown(before: Uint32Array): Uint32Array {
    const slots = new Uint32Array(before.length * 2);
    const mask = slots.length - 1;
    for (const node of before) {
      if (node === 0) continue;
      // They all differ: nothing is to be compared.
      let slot = this.#hash(this.#parents.get(node), this.#texts.at(this.#names.get(node))) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = node;
    }
    return slots;
  }

  #hash(parent: number, name: string): number {
    let hash = Math.imul(parent ^ this.#secret, 0x9e3779b1);
    for (let i = 0; i < name.length; i++) {
      hash = Math.imul(hash ^ name.charCodeAt(i), 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }
}

interface Part {
  /** Numbers of nodes; 0 for a free one. */
  slots: Uint32Array;
  used: number;
}

const NO_PART: Part = { slots: new Uint32Array(1), used: 0 };
