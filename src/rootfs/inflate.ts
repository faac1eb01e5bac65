/**
 * A layer's blob as the tar that it holds. What the compression is, the first bytes tell, not the media type: layers
 * typed gzip that hold zstd exist.
 */
import { open } from 'node:fs/promises';
import { abortReason, GatewayError } from '../lib/errors.js';
import { saidBy, startSquash } from './squash.js';
import { bad } from './tar-entry.js';
import type { RootfsTools } from './tools.js';

/**
 * Gives the uncompressed bytes of a blob in order. Whatever runs behind it has ended when the iteration has,
 * however it ends.
 *
 * @throws GatewayError BAD_LAYER when the blob is cut or damaged; the reason of `signal`.
 */
export async function* inflate(
  path: string,
  tools: RootfsTools,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(path, 'r');
  try {
    const child = startSquash(tools.squash, ['inflate'], {
      stdin: file.fd,
      stdout: 'pipe',
      signal,
      damaged: 'BAD_LAYER',
    });
    if (child.stdout === null) return await child.done;
    let complete = false;
    try {
      // No await before the first read: Node throws away what nobody reads when a child ends early.
      for await (const chunk of child.stdout) yield chunk as Buffer;
      complete = true;
    } finally {
      if (!complete) child.kill(new GatewayError('CANCELLED', 'The reader of the layer has stopped.'));
      await child.done.catch((error: unknown) => {
        if (signal.aborted) throw abortReason(signal);
        if (complete)
          throw error instanceof GatewayError && error.code === 'BAD_LAYER' ? bad(saidBy(error)) : error;
      });
    }
  } finally {
    await file.close();
  }
}
