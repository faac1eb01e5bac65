/**
 * What a site keeps of an image: owners, permissions, special files, extended attributes. What it drops or changes is
 * counted, so that the image's record can say so.
 */
import type { RootfsPolicy } from './settings.js';
import type { Tally } from './tally.js';
import type { NodeId, Tree } from './tree.js';
import { Pacer } from './pacer.js';
import { OVERLAY_MARKS } from './whiteouts.js';

/**
 * Changes the tree to what the policy allows. Gives one sentence for each rule that did something, those of the merge
 * among them.
 */
export async function applyPolicy(
  tree: Tree,
  policy: RootfsPolicy,
  signal?: AbortSignal,
): Promise<string[]> {
  const { tally } = tree;
  const pacer = new Pacer(signal);
  const linked = new Set<number>();
  treat(tree, tree.root, policy, tally);
  const dropped: NodeId[] = [];
  for (const node of tree.walk()) {
    if (pacer.isDue()) await pacer.rest();
    const rule = dropRule(tree, node, policy);
    if (rule !== undefined) {
      tally.note(rule, () => tree.path(node));
      dropped.push(node);
      continue;
    }
    const { id, links } = tree.inode(node);
    if (links > 1) {
      if (linked.has(id)) continue;
      linked.add(id);
    }
    treat(tree, node, policy, tally);
  }
  for (const node of dropped) tree.remove(node);
  return tally.sentences();
}

/** Runtimes mount their own there. */
function isInSystemDirectory(tree: Tree, node: NodeId): boolean {
  let top = node;
  for (let above = tree.parent(top); above !== undefined && above !== tree.root; above = tree.parent(top)) top = above;
  return top !== node && ['dev', 'proc', 'sys'].includes(tree.name(top));
}

function dropRule(tree: Tree, node: NodeId, policy: RootfsPolicy): string | undefined {
  const { type } = tree.inode(node);
  if (policy.systemDirectories !== 'keep' && isInSystemDirectory(tree, node))
    return 'contents of /dev, /proc and /sys dropped';
  if ((type === 'char' || type === 'block') && policy.devices === 'drop')
    return 'devices dropped';
  if (type === 'fifo' && policy.fifos === 'drop') return 'FIFOs dropped';
  return undefined;
}

function treat(tree: Tree, node: NodeId, policy: RootfsPolicy, tally: Tally): void {
  const inode = tree.inode(node);
  const path = (): string => tree.path(node);
  if (policy.ownership === 'root' && (inode.uid !== 0 || inode.gid !== 0)) {
    inode.setOwner(0, 0);
    tally.note('owner set to root', path);
  }
  if (policy.setuid === 'strip' && (inode.mode & 0o6000) !== 0 && inode.type === 'file') {
    inode.mode &= ~0o6000;
    tally.note('setuid and setgid bits removed', path);
  }
  if (policy.widenPermissions && (inode.type === 'file' || inode.type === 'directory')) {
    const readable = 0o444 | (inode.type === 'directory' || (inode.mode & 0o111) !== 0 ? 0o111 : 0);
    if ((inode.mode & readable) !== readable) {
      inode.mode |= readable;
      tally.note('made readable for users', path);
    }
  }
  if (inode.xattrs.size === 0) return;
  const kept = new Map<string, string>();
  for (const [name, value] of inode.xattrs) {
    const keeps =
      (name.startsWith('user.') && policy.userXattrs === 'keep') ||
      (name === 'security.capability' && policy.capabilities === 'keep');
    if (keeps) kept.set(name, value);
    else tally.note(xattrRule(name), path);
  }
  inode.xattrs = kept;
}

function xattrRule(name: string): string {
  if (name === 'security.capability') return 'file capabilities dropped';
  return name.startsWith('trusted.overlay.') ? OVERLAY_MARKS : 'extended attributes dropped';
}
