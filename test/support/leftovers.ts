/**
 * What is there that should not be, once no pull runs: files that are not whole, child processes, keys in Redis, and
 * in the index keys that are held and images that are held.
 */
import { Redis } from 'ioredis';
import { readdirSync, readFileSync } from 'node:fs';
import { isDescriber } from '../../src/jobs/describe-image.js';
import { redisOptions } from '../../src/lib/redis-address.js';
import { openDatabase } from '../../src/models/database.js';
import type { Site } from './gateway.js';

/** Empty when all is well. Call it when no gateway of the site works on a pull. */
export async function allLeftovers(site: Site): Promise<string[]> {
  return [...site.leftovers(), ...childrenOf(site), ...(await inRedis(site)), ...(await inIndex(site))];
}

/** Programs that were started for this site, by the paths in their arguments. */
export function childrenOf(site: Site): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const command = readOrEmpty(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
    // Gateways are the test's own.
    if (command.includes(site.directory) && !command.includes('main.js')) found.push(`process ${pid}: ${command}`);
  }
  return found;
}

/** What Redis says of a key that does not run out. */
const NEVER = -1;

async function inRedis(site: Site): Promise<string[]> {
  const redis = new Redis(redisOptions(site.environment['REDIS_URL'] ?? ''));
  try {
    const found: string[] = [];
    for (const key of await redis.keys('*')) {
      // The last word of a pull, for late subscribers, what registries have asked for, and what killed workers have said
      // of themselves go by themselves.
      if (/^gw:(pull:pull_\w+|gate:.*|workers|worker:.*|system-status:.*)$/.test(key) && (await redis.ttl(key)) !== NEVER) continue;
      // What BullMQ knows of a queue, whether or not a job is in it.
      if (/^gw:pull-\w+:(meta|id|marker|events|stalled-check)$/.test(key)) continue;
      found.push(`Redis key ${key}`);
    }
    return found;
  } finally {
    redis.disconnect();
  }
}

async function inIndex(site: Site): Promise<string[]> {
  const database = await openDatabase({ uri: site.environment['MONGODB_URI'] ?? '', serverSelectionMs: 5000 });
  try {
    const active = await database.actives.find().lean().exec();
    const tasks = await database.tasks.find().lean().exec();
    // Who was killed while it described an image is followed by another one, who gives the image up.
    const isAskedFor = (imageId: string): boolean => tasks.some((task) => task.imageId === imageId);
    const held = (await database.images.find({ holders: { $ne: [] } }).lean().exec()).filter(
      ({ imageId, holders }) => !(holders.every(isDescriber) && isAskedFor(imageId)),
    );
    return [...active.map(({ pullId }) => `active key of ${pullId}`), ...held.map(({ _id }) => `image held: ${_id}`)];
  } finally {
    await database.close();
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}
