/**
 * The composition root of one gateway process: an API, a worker, or both. Everything is built here and handed down.
 */
import type { ProgressHub } from './jobs/progress/progress-hub.js';
import type { PullService } from './jobs/pull-service.js';
import type { SystemService } from './jobs/systems/system-service.js';
import type { Logger } from './lib/log.js';
import type { GatewayServices } from './resolvers/context.js';
import { startApi } from './gateway/api.js';
import { openCommons, type GatewayOptions, type Undo } from './gateway/commons.js';
import { startWorker } from './gateway/worker.js';

export type { GatewayOptions };

export interface RunningGateway {
  /** Where the API listens; undefined for a worker alone. */
  readonly url: string | undefined;
  readonly hub: ProgressHub;
  /** What callers can do, for callers in this process. */
  readonly pullService: PullService;
  /** What administrators can do, for callers in this process. */
  readonly systemService: SystemService;
  /** What the API serves callers with; undefined for a worker alone. */
  readonly services: GatewayServices | undefined;
  close(): Promise<void>;
}

/**
 * @throws GatewayError INDEX_UNAVAILABLE, QUEUE_UNAVAILABLE, PACKER_MISSING, UNSUPPORTED, CONFLICT. Nothing is left running then.
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const undo: Undo = [];
  try {
    const commons = await openCommons(options, undo);
    if (options.roles.worker) await startWorker(commons, undo);
    const api = options.roles.api ? await startApi(commons, undo) : undefined;
    const { hub, pullService, systemService } = commons;
    return { url: api?.url, hub, pullService, systemService, services: api?.services, close: () => runBackwards(undo, options.log) };
  } catch (error) {
    await runBackwards(undo, options.log);
    throw error;
  }
}

async function runBackwards(steps: Undo, log: Logger): Promise<void> {
  for (const step of steps.splice(0).reverse()) {
    await step().catch((error: unknown) => log.warn({ err: error }, 'something could not be closed'));
  }
}
