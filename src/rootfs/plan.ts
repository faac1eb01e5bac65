/** The order in which a tree goes into the packer. It is fixed, so that the same image gives the same product. */
import { Pacer } from './pacer.js';
import { walk, type Inode, type TreeNode } from './tree.js';

export interface PackPlan {
  readonly root: Inode;
  /** Parents first. */
  readonly directories: readonly TreeNode[];
  /** Files with a body, by layer, in the order of their bodies. */
  readonly files: ReadonlyMap<number, readonly TreeNode[]>;
  /** Empty files, links, special files. */
  readonly others: readonly TreeNode[];
  /** Last: packers lose links whose target they have not seen. */
  readonly hardLinks: readonly { readonly node: TreeNode; readonly target: TreeNode }[];
  /** Of all files together. */
  readonly bytes: number;
  /** Paths, the root not counted. */
  readonly entryCount: number;
  /** The latest time of all entries, seconds since 1970. */
  readonly newest: number;
}

export async function planOf(root: TreeNode, signal: AbortSignal): Promise<PackPlan> {
  const pacer = new Pacer(signal);
  const directories: TreeNode[] = [];
  const files = new Map<number, TreeNode[]>();
  const others: TreeNode[] = [];
  const hardLinks: { readonly node: TreeNode; readonly target: TreeNode }[] = [];
  const first = new Map<Inode, TreeNode>();
  let bytes = 0;
  let entryCount = 0;
  let newest = root.inode.mtime;
  for (const node of walk(root)) {
    if (pacer.isDue()) await pacer.rest();
    const { inode } = node;
    entryCount++;
    newest = Math.max(newest, inode.mtime);
    const target = inode.links > 1 ? first.get(inode) : undefined;
    if (node.children !== undefined) directories.push(node);
    else if (target !== undefined) hardLinks.push({ node, target });
    else {
      if (inode.links > 1) first.set(inode, node);
      if (inode.type === 'file' && inode.size > 0) {
        bytes += inode.size;
        const ofLayer = files.get(inode.layer);
        if (ofLayer === undefined) files.set(inode.layer, [node]);
        else ofLayer.push(node);
      } else others.push(node);
    }
  }
  for (const ofLayer of files.values()) ofLayer.sort((a, b) => a.inode.offset - b.inode.offset);
  return { root: root.inode, directories, files, others, hardLinks, bytes, entryCount, newest };
}
