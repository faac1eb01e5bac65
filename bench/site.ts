/** A gateway to measure: a worker in a process of its own, and an API in this one. */
import { statSync } from 'node:fs';
import { clientOf, kill, makeSite, spawnWorker, startInProcess } from '../test/support/gateway.js';
import type { TestStack } from '../test/support/stack.js';
import { measure, type Cost } from './measure.js';

export interface BenchPull extends Cost {
  readonly mib: number;
  /** The same up to where the product has been read back: nothing of the delivery. */
  readonly proved: Cost & { readonly mib: number };
  readonly path: string;
  readonly entries: number;
}

export interface BenchSite {
  /** From the mutation to READY; what is published already is made again. */
  pull(reference: string): Promise<BenchPull>;
  stop(): Promise<void>;
}

/** @param processors for each pull. */
export async function startBenchSite(stack: TestStack, registryUrl: string, processors: number): Promise<BenchSite> {
  const site = makeSite(stack, registryUrl, { PackerProcessors: processors, JobLockDuration: 30, JobStalledInterval: 15 });
  const api = await startInProcess(site, { api: true, worker: false });
  const worker = await spawnWorker(site);
  const client = clientOf(api);
  return {
    async pull(reference) {
      let provedSeconds = NaN;
      const cost = await measure(async () => {
        const began = performance.now();
        const { pulls, errors } = await client.pull({ reference, systems: ['one'], force: true });
        const [pull] = pulls;
        if (pull === undefined) throw new Error(JSON.stringify(errors));
        for await (const { state, error } of client.watchPull(pull.id)) {
          if (state === 'TRANSFERRING' && Number.isNaN(provedSeconds)) provedSeconds = (performance.now() - began) / 1000;
          if (state === 'FAILED') throw new Error(error?.message);
        }
      }, worker.pid);
      const image = await client.lookup('one', reference);
      if (image === null) throw new Error(`${reference} is not there`);
      const mib = statSync(image.path).size / 2 ** 20;
      return { ...cost, mib, proved: { ...cost, wallSeconds: provedSeconds, mib }, path: image.path, entries: image.entryCount };
    },
    async stop() {
      await kill(worker, 'SIGTERM');
      await api.close();
      site.remove();
    },
  };
}
