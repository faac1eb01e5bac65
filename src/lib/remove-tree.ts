/** Removal of a directory with all that is in it, also where its owner may not write. */
import { chmod, constants, open, readdir, rm } from 'node:fs/promises';
import { errnoOf, GatewayError, messageOf } from './errors.js';

/** Looks at a name without opening what stands there (open(2)); Node does not name it. The same on all that Node runs on. */
const O_PATH = 0o10000000;
/** What an owner needs to empty a directory. */
const OWNER_ALL = 0o700;

/**
 * Unpacked images have directories that their owner may not write in, such as 0555, and only root can pass over that: they
 * are opened up first. No symbolic link is followed. What is not there is fine.
 *
 * @throws GatewayError INTERNAL naming the path
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true }).catch(async (error: unknown) => {
      if (errnoOf(error) !== 'EACCES' && errnoOf(error) !== 'EPERM') throw error;
      await openUp(Buffer.from(path));
      await rm(path, { recursive: true, force: true });
    });
  } catch (error) {
    throw new GatewayError(
      'INTERNAL',
      `${path} can't be removed: ${messageOf(error)}. Remove it by hand, as its owner or as root.`,
      { cause: error },
    );
  }
}

/** Names are bytes, as those of the image. */
async function openUp(top: Buffer): Promise<void> {
  const waiting = [top];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const directory = path;
    // An O_PATH descriptor needs no right on the directory itself, and holds it while its mode is set.
    const handle = await open(directory, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      const { mode } = await handle.stat();
      if ((mode & OWNER_ALL) !== OWNER_ALL)
        await chmod(`/proc/self/fd/${String(handle.fd)}`, (mode & 0o7777) | OWNER_ALL);
    } finally {
      await handle.close();
    }
    for (const entry of await readdir(directory, { withFileTypes: true, encoding: 'buffer' })) {
      if (entry.isDirectory()) waiting.push(Buffer.concat([directory, Buffer.from('/'), entry.name]));
    }
  }
}
