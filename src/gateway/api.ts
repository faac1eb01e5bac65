/** The API of a process. */
import { publishCredentials } from '../jobs/credentials/publish-credentials.js';
import { createImageChanges } from '../jobs/image-changes.js';
import { createImportService } from '../jobs/import-service.js';
import { createTaskService } from '../jobs/tasks/task-service.js';
import { createWorkerRegistry } from '../jobs/worker-registry.js';
import type { VerificationRecord } from '../models/system-records.js';
import type { GatewayServices } from '../resolvers/context.js';
import type { Commons, Undo } from './commons.js';

/** Starts it, and tells where it listens, and what it serves callers with; what was started is in `undo`. */
export async function startApi(commons: Commons, undo: Undo): Promise<{ readonly url: string; readonly services: GatewayServices }> {
  const { config, log, redis, database, images, verifications, tasks, credentials, publish, announceTask, imageTasks, onNameGone, pullService, names, onError } = commons;
  const imageChanges = createImageChanges(redis.subscriber(), names, onError);
  undo.push(() => Promise.resolve(imageChanges.close()));
  const requestVerification = async (system: string, repairs: boolean): Promise<VerificationRecord> => {
    const record = await verifications.request(system, repairs);
    // Workers look for themselves, too.
    await publish(names.verifyChannel, system).catch(onError);
    return record;
  };
  const published = await publishCredentials({
    config,
    store: credentials,
    announce: () => publish(names.credentialsChannel, '').catch(onError),
    rereadMs: config.jobs.credentialsRereadMs,
    log,
  });
  undo.push(() => published.close());
  const workers = createWorkerRegistry(redis.commands, names.prefix);
  const taskService = createTaskService({
    store: tasks,
    images,
    pullService,
    onNameGone,
    workers,
    imageTasks,
    announce: announceTask,
    answerMs: config.jobs.systemAnswerMs,
  });
  // Workers alone serve nobody, and start sooner without it.
  const { startHttpServer } = await import('../server/http-server.js');
  const services = { ...commons, importService: createImportService({ config, images, pullService }), imageChanges, workers, taskService, requestVerification };
  const server = await startHttpServer({
    services,
    checkReady: async () => {
      await Promise.all([database.ping(), redis.ping()]);
    },
  });
  undo.push(() => server.close());
  return { url: server.url, services };
}
