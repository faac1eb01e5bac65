/**
 * The merged tree as one flat tar for mksquashfs, each path once, in a fixed order, so that the same image gives the same
 * product: directories (parents first), file bodies as they lie in the layers, everything else, hard links last. Bodies
 * are copied from the inflated layers on the fly; no tree and no tar touches the disk.
 */
import { GatewayError } from '../lib/errors.js';
import { BodyCutter } from './bodies.js';
import { inflate } from './inflate.js';
import { aboutLayer, type LayerIndex } from './layer.js';
import { Pacer } from './pacer.js';
import type { PackerInput } from './packer-input.js';
import { bad } from './tar-entry.js';
import { tarEnd, tarHeader } from './tar-writer.js';
import type { RootfsTools } from './tools.js';
import { walk, type Inode, type TreeNode } from './tree.js';

export interface TarPlan {
  readonly root: Inode;
  /** Parents first. */
  readonly directories: readonly TreeNode[];
  /** Files with a body, by layer, in the order of their bodies. */
  readonly files: ReadonlyMap<number, readonly TreeNode[]>;
  /** Empty files, links, special files. */
  readonly others: readonly TreeNode[];
  /** Last: packers lose links whose target they have not seen. */
  readonly hardLinks: readonly { readonly node: TreeNode; readonly target: TreeNode }[];
}

export async function planTar(root: TreeNode, signal: AbortSignal): Promise<TarPlan> {
  const pacer = new Pacer(signal);
  const directories: TreeNode[] = [];
  const files = new Map<number, TreeNode[]>();
  const others: TreeNode[] = [];
  const hardLinks: { readonly node: TreeNode; readonly target: TreeNode }[] = [];
  const first = new Map<Inode, TreeNode>();
  for (const node of walk(root)) {
    if (pacer.isDue()) await pacer.rest();
    const { inode } = node;
    const target = inode.links > 1 ? first.get(inode) : undefined;
    if (node.children !== undefined) directories.push(node);
    else if (target !== undefined) hardLinks.push({ node, target });
    else {
      if (inode.links > 1) first.set(inode, node);
      if (inode.type === 'file' && inode.size > 0) {
        const ofLayer = files.get(inode.layer);
        if (ofLayer === undefined) files.set(inode.layer, [node]);
        else ofLayer.push(node);
      } else others.push(node);
    }
  }
  for (const ofLayer of files.values()) ofLayer.sort((a, b) => a.inode.offset - b.inode.offset);
  return { root: root.inode, directories, files, others, hardLinks };
}

/** @throws GatewayError BAD_LAYER naming the layer; what `input` throws. */
export async function writeTar(
  input: PackerInput,
  plan: TarPlan,
  layers: readonly LayerIndex[],
  { tools, signal }: { readonly tools: RootfsTools; readonly signal: AbortSignal },
): Promise<void> {
  await input.write(tarHeader('.', plan.root));
  for (const node of plan.directories) await input.write(tarHeader(node.path, node.inode));
  for (const [number, index] of layers.entries()) {
    const files = plan.files.get(number);
    if (files === undefined) continue;
    if (index.blob === undefined) throw new GatewayError('INTERNAL', 'A tar can only be made of blobs.');
    const cutter = new BodyCutter(files);
    try {
      for await (const chunk of inflate(index.blob.path, tools, signal)) {
        for (const piece of cutter.cut(chunk)) if (input.push(piece)) await input.flush();
        // The rest of the layer was proved in the first pass.
        if (cutter.isDone) break;
      }
      if (!cutter.isDone) throw bad('its blob has changed since it was read first');
    } catch (error) {
      throw aboutLayer(index.layer, error);
    }
  }
  for (const node of plan.others) await input.write(tarHeader(node.path, node.inode));
  for (const { node, target } of plan.hardLinks)
    await input.write(tarHeader(node.path, node.inode, target.path));
  await input.write(tarEnd());
}
