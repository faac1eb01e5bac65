/**
 * A process that owns an embedded stack, for tests that kill it: prints one line of JSON when the servers run, and
 * stops them at SIGTERM. Argument: the state directory.
 */
import { startEmbedded } from '../../src/embedded/stack.js';

const stack = await startEmbedded({ stateDirectory: process.argv[2] ?? '' });
process.once('SIGTERM', () => void stack.stop());
const { redis, mongoUri, started, servers } = stack;
console.log(JSON.stringify({ redis, mongoUri, started, pids: [servers.redis?.pid(), servers.index?.pid()] }));
