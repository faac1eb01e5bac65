/**
 * EXAMINE: the site's own check of a product, where it has one, before anybody can use it.
 */
import { join } from 'node:path';
import { GatewayError } from '../../lib/errors.js';
import { roomAt, type PromisedRoom, type ResolvedImage } from '../../registry/index.js';
import { runExaminer, unpackedBytes, type Tree } from '../../rootfs/index.js';
import type { PullContext } from './context.js';
import type { Conversion } from './results.js';
import { imageIdOf } from './resolve.js';

/**
 * @throws GatewayError EXAMINATION_FAILED with the program's last lines; NO_SPACE or CONVERSION_FAILED when a classic
 *   examiner's image can't be unpacked.
 */
export async function examine(context: PullContext, image: ResolvedImage, { product, tree }: Conversion): Promise<void> {
  const { services, progress, signal, workDirectory } = context;
  const { examiner } = services.config;
  if (examiner === undefined || tree === undefined) return;
  progress.enter('EXAMINING', 'EXAMINE');
  const room = examiner.kind === 'classic' ? await roomToUnpack(context, tree) : undefined;
  try {
    await runExaminer({
      ...examiner,
      imageId: imageIdOf(image),
      product,
      tree,
      unpackInto: join(workDirectory, 'examined'),
      unpacking: services.config.packer,
      signal,
    });
  } finally {
    room?.release();
  }
}

/**
 * Room beside all that pulls were promised, this one too. It is not waited for: those who hold some could wait for each
 * other.
 */
async function roomToUnpack({ services, workDirectory: path, signal }: PullContext, tree: Tree): Promise<PromisedRoom> {
  const bytes = await unpackedBytes(tree, signal);
  const room = await services.rooms.take([{ path, bytes }]);
  if (room !== undefined) return room;
  const { freeBytes } = await roomAt(path);
  throw new GatewayError(
    'NO_SPACE',
    `The image can't be unpacked for the examiner: ${path} needs ${String(bytes)} bytes for it, and ${String(freeBytes)} are free there, some of which may be promised to other pulls. Free some room, then pull again.`,
  );
}
