/**
 * What a site keeps of an image: owners, permissions, special files, extended attributes. What it drops or changes is
 * counted, so that the image's record can say so.
 */
import type { RootfsPolicy } from './settings.js';
import { show } from './tar-entry.js';
import { walk, type Inode, type TreeNode } from './tree.js';

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
export function applyPolicy(root: TreeNode, policy: RootfsPolicy): string[] {
  const tally = new Tally();
  const seen = new Set<Inode>();
  treat(root.inode, '/', policy, tally);
  const dropped: (readonly [string, string])[] = [];
  for (const [path, { inode }] of walk(root)) {
    const rule =
      inSystemDirectory(path) && policy.systemDirectories !== 'keep'
        ? 'contents of /dev, /proc and /sys dropped'
        : dropRule(inode, policy);
    if (rule !== undefined) {
      tally.note(rule, path);
      dropped.push([
        path.slice(0, Math.max(0, path.lastIndexOf('/'))),
        path.slice(path.lastIndexOf('/') + 1),
      ]);
      continue;
    }
    if (seen.has(inode)) continue;
    seen.add(inode);
    treat(inode, path, policy, tally);
  }
  for (const [parent, name] of dropped) nodeAt(root, parent)?.children?.delete(name);
  return tally.sentences();
}

/** Runtimes mount their own there. */
function inSystemDirectory(path: string): boolean {
  return /^(?:dev|proc|sys)\//.test(path);
}

function dropRule(inode: Inode, policy: RootfsPolicy): string | undefined {
  if ((inode.type === 'char' || inode.type === 'block') && policy.devices === 'drop')
    return 'devices dropped';
  if (inode.type === 'fifo' && policy.fifos === 'drop') return 'FIFOs dropped';
  return undefined;
}

function treat(inode: Inode, path: string, policy: RootfsPolicy, tally: Tally): void {
  if (policy.ownership === 'root' && (inode.uid !== 0 || inode.gid !== 0)) {
    inode.uid = 0;
    inode.gid = 0;
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
    else
      tally.note(
        name === 'security.capability' ? 'file capabilities dropped' : 'extended attributes dropped',
        path,
      );
  }
  inode.xattrs = kept;
}

function nodeAt(root: TreeNode, path: string): TreeNode | undefined {
  let node: TreeNode | undefined = root;
  for (const name of path.split('/')) if (name !== '') node = node?.children?.get(name);
  return node;
}
