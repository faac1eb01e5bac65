/**
 * What a site keeps of an image: owners, permissions, special files, extended attributes. What it drops or changes is
 * counted, so that the image's record can say so.
 */
import type { RootfsPolicy } from './settings.js';
import { show } from './tar-entry.js';
import { walk, type Inode, type TreeNode } from './tree.js';
import { Pacer } from './pacer.js';

/** How many paths a sentence names. */
const EXAMPLES = 3;

class Tally {
  readonly #paths = new Map<string, { count: number; readonly first: string[] }>();

  note(rule: string, path: string): void {
    const known = this.#paths.get(rule) ?? { count: 0, first: [] };
    known.count++;
    if (known.first.length < EXAMPLES) known.first.push(show(path));
    this.#paths.set(rule, known);
  }

  sentences(): string[] {
    return [...this.#paths].map(
      ([rule, { count, first }]) =>
        `${rule}: ${String(count)} (${first.join(', ')}${count > first.length ? ', ...' : ''})`,
    );
  }
}

/**
 * Changes the tree to what the policy allows. Gives one sentence for each rule that did something.
 */
export async function applyPolicy(
  root: TreeNode,
  policy: RootfsPolicy,
  signal?: AbortSignal,
): Promise<string[]> {
  const tally = new Tally();
  const pacer = new Pacer(signal);
  const linked = new Set<Inode>();
  treat(root.inode, root, policy, tally);
  const dropped: TreeNode[] = [];
  for (const node of walk(root)) {
    if (pacer.isDue()) await pacer.rest();
    const { inode } = node;
    const rule = dropRule(node, policy);
    if (rule !== undefined) {
      tally.note(rule, node.path);
      dropped.push(node);
      continue;
    }
    if (inode.links > 1) {
      if (linked.has(inode)) continue;
      linked.add(inode);
    }
    treat(inode, node, policy, tally);
  }
  for (const { parent, name } of dropped) parent?.children?.delete(name);
  return tally.sentences();
}

/** Runtimes mount their own there. */
function isInSystemDirectory(node: TreeNode): boolean {
  let top = node;
  while (top.parent?.parent !== undefined) top = top.parent;
  return top !== node && ['dev', 'proc', 'sys'].includes(top.name);
}

function dropRule(node: TreeNode, policy: RootfsPolicy): string | undefined {
  const { inode } = node;
  if (policy.systemDirectories !== 'keep' && isInSystemDirectory(node))
    return 'contents of /dev, /proc and /sys dropped';
  if ((inode.type === 'char' || inode.type === 'block') && policy.devices === 'drop')
    return 'devices dropped';
  if (inode.type === 'fifo' && policy.fifos === 'drop') return 'FIFOs dropped';
  return undefined;
}

function treat(inode: Inode, node: TreeNode, policy: RootfsPolicy, tally: Tally): void {
  if (policy.ownership === 'root' && (inode.uid !== 0 || inode.gid !== 0)) {
    inode.uid = 0;
    inode.gid = 0;
    tally.note('owner set to root', node.path);
  }
  if (policy.setuid === 'strip' && (inode.mode & 0o6000) !== 0 && inode.type === 'file') {
    inode.mode &= ~0o6000;
    tally.note('setuid and setgid bits removed', node.path);
  }
  if (policy.widenPermissions && (inode.type === 'file' || inode.type === 'directory')) {
    const readable = 0o444 | (inode.type === 'directory' || (inode.mode & 0o111) !== 0 ? 0o111 : 0);
    if ((inode.mode & readable) !== readable) {
      inode.mode |= readable;
      tally.note('made readable for users', node.path);
    }
  }
  if (inode.xattrs.size === 0) return;
  const kept = new Map<string, string>();
  for (const [name, value] of inode.xattrs) {
    const keeps =
      (name.startsWith('user.') && policy.userXattrs === 'keep') ||
      (name === 'security.capability' && policy.capabilities === 'keep');
    if (keeps) kept.set(name, value);
    else
      tally.note(
        name === 'security.capability' ? 'file capabilities dropped' : 'extended attributes dropped',
        node.path,
      );
  }
  inode.xattrs = kept;
}
