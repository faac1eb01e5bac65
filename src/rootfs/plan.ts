/** The order in which a tree goes into the packer. It is fixed, so that the same image gives the same product. */
import type { WantedFile } from './bodies.js';
import { walk, type Inode, type TreeNode } from './tree.js';

export interface PackPlan {
  readonly root: Inode;
  /** Parents first. */
  readonly directories: readonly WantedFile[];
  /** Files with a body, by layer, in the order of their bodies. */
  readonly files: ReadonlyMap<number, readonly WantedFile[]>;
  /** Empty files, links, special files. */
  readonly others: readonly WantedFile[];
  /** Last: packers lose links whose target they have not seen. */
  readonly hardLinks: readonly (WantedFile & { readonly target: string })[];
  /** Of all files together. */
  readonly bytes: number;
  /** Paths, the root not counted. */
  readonly entryCount: number;
  /** The latest time of all entries, seconds since 1970. */
  readonly newest: number;
}

export function planOf(root: TreeNode): PackPlan {
  const directories: WantedFile[] = [];
  const files = new Map<number, WantedFile[]>();
  const others: WantedFile[] = [];
  const hardLinks: (WantedFile & { readonly target: string })[] = [];
  const first = new Map<Inode, string>();
  let bytes = 0;
  let entryCount = 0;
  let newest = root.inode.mtime;
  for (const [path, node] of walk(root)) {
    const { inode } = node;
    entryCount++;
    newest = Math.max(newest, inode.mtime);
    const target = first.get(inode);
    if (node.children !== undefined) directories.push({ path, inode });
    else if (target !== undefined) hardLinks.push({ path, inode, target });
    else {
      first.set(inode, path);
      if (inode.type === 'file' && inode.size > 0) {
        bytes += inode.size;
        const ofLayer = files.get(inode.layer);
        if (ofLayer === undefined) files.set(inode.layer, [{ path, inode }]);
        else ofLayer.push({ path, inode });
      } else others.push({ path, inode });
    }
  }
  for (const ofLayer of files.values()) ofLayer.sort((a, b) => a.inode.offset - b.inode.offset);
  return { root: root.inode, directories, files, others, hardLinks, bytes, entryCount, newest };
}
