/**
 * The key by which API nodes seal credentials for a worker. It lies in the worker's state directory and never leaves it;
 * `imagegw worker-key` prints its public half.
 */
import { createPrivateKey, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, GatewayError, messageOf } from '../../lib/errors.js';

/**
 * The key of the workers with this state directory; made when there is none.
 * @throws GatewayError BAD_CONFIG when it can't be used, or others can read it.
 */
export async function workerKey(stateDirectory: string): Promise<KeyObject> {
  const path = join(stateDirectory, 'worker-key');
  try {
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
    await makeUnlessThere(path);
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) throw new GatewayError('BAD_CONFIG', `Others can read the key ${path}: remove it, list the new one in "WorkerKeys", and change the credentials that were sealed for it.`);
    return createPrivateKey(await readFile(path));
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    // The text of the parser holds nothing of the key.
    throw new GatewayError('BAD_CONFIG', `The worker's key ${path} can't be used: ${messageOf(error)}.`, { cause: error });
  }
}

/** Whole or not at all, however many processes do it at once. */
async function makeUnlessThere(path: string): Promise<void> {
  if (await stat(path).then(() => true, () => false)) return;
  const own = `${path}.${randomUUID()}`;
  const file = await open(own, 'wx', 0o600);
  try {
    await file.writeFile(generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(own, path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(own);
  }
}
