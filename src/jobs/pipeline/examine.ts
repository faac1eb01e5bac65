/**
 * EXAMINE: the site's own check of a product, where it has one, before anybody can use it.
 */
import { join } from 'node:path';
import { runExaminer } from '../../rootfs/index.js';
import type { ResolvedImage } from '../../registry/index.js';
import type { PullContext } from './context.js';
import type { Conversion } from './convert.js';
import { imageIdOf } from './resolve.js';

/**
 * @throws GatewayError EXAMINATION_FAILED with the program's last lines; NO_SPACE when a classic examiner's image can't
 *   be unpacked.
 */
export async function examine(context: PullContext, image: ResolvedImage, { product, tree }: Conversion): Promise<void> {
  const { services, progress, signal, workDirectory } = context;
  const { examiner } = services.config;
  if (examiner === undefined || tree === undefined) return;
  progress.enter('EXAMINING', 'EXAMINE');
  await runExaminer({
    ...examiner,
    imageId: imageIdOf(image),
    product,
    tree,
    unpackInto: join(workDirectory, 'examined'),
    signal,
  });
}
