/** Runs the delaying proxy in a process of its own: `delaying-proxy.ts TARGET_PORT DELAY_MS`. Prints its port. */
import { startDelayingProxy } from '../test/support/delaying-proxy.js';

const [targetPort, delayMs] = process.argv.slice(2).map(Number);
const { port } = await startDelayingProxy(targetPort ?? 0, delayMs ?? 0);
process.stdout.write(`${port}\n`);
