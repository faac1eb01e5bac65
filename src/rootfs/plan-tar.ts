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
import type { NodeId, Tree } from './tree.js';

export interface TarPlan {
  readonly tree: Tree;
  /** Parents first. */
  readonly directories: readonly NodeId[];
  /** Files with a body, by layer, in the order of their bodies. */
  readonly files: ReadonlyMap<number, readonly NodeId[]>;
  /** Empty files, links, special files. */
  readonly others: readonly NodeId[];
  /** Last: packers lose links whose target they have not seen. */
  readonly hardLinks: readonly { readonly node: NodeId; readonly target: NodeId }[];
}

export async function planTar(tree: Tree, signal: AbortSignal): Promise<TarPlan> {
  const pacer = new Pacer(signal);
  const directories: NodeId[] = [];
  const files = new Map<number, NodeId[]>();
  const others: NodeId[] = [];
  const hardLinks: { readonly node: NodeId; readonly target: NodeId }[] = [];
  const first = new Map<number, NodeId>();
  for (const node of tree.walk()) {
    if (pacer.isDue()) await pacer.rest();
    const inode = tree.inode(node);
    const target = inode.links > 1 ? first.get(inode.id) : undefined;
    if (inode.type === 'directory') directories.push(node);
    else if (target !== undefined) hardLinks.push({ node, target });
    else {
      if (inode.links > 1) first.set(inode.id, node);
      if (inode.type === 'file' && inode.size > 0) {
        const ofLayer = files.get(inode.layer);
        if (ofLayer === undefined) files.set(inode.layer, [node]);
        else ofLayer.push(node);
      } else others.push(node);
    }
  }
  for (const ofLayer of files.values()) ofLayer.sort((a, b) => tree.inode(a).offset - tree.inode(b).offset);
  return { tree, directories, files, others, hardLinks };
}

/** @throws GatewayError BAD_LAYER naming the layer; what `input` throws. */
export async function writeTar(
  input: PackerInput,
  plan: TarPlan,
  layers: readonly LayerIndex[],
  { tools, signal }: { readonly tools: RootfsTools; readonly signal: AbortSignal },
): Promise<void> {
  const { tree } = plan;
  const headerOf = (node: NodeId): Buffer => tarHeader(tree.path(node), tree.inode(node));
  await input.write(tarHeader('.', tree.inode(tree.root)));
  for (const node of plan.directories) await input.write(headerOf(node));
  for (const [number, index] of layers.entries()) {
    const files = plan.files.get(number);
    if (files === undefined) continue;
    if (index.blob === undefined) throw new GatewayError('INTERNAL', 'A tar can only be made of blobs.');
    const cutter = new BodyCutter(files, (node) => ({ path: tree.path(node), inode: tree.inode(node) }));
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
  for (const node of plan.others) await input.write(headerOf(node));
  for (const { node, target } of plan.hardLinks)
    await input.write(tarHeader(tree.path(node), tree.inode(node), tree.path(target)));
  await input.write(tarEnd());
}
