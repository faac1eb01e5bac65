/**
 * `imagegw worker-key`: the public half of a worker's key, for `WorkerKeys` in the configuration of the API nodes.
 */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../config/index.js';
import { workerKey } from '../jobs/credentials/worker-key.js';
import { messageOf } from '../lib/errors.js';
import { publicKeyText } from '../lib/seal.js';
import { EXIT } from './failures.js';
import type { CliIo } from './io.js';

export function addWorkerKeyCommand(program: Command, io: CliIo): void {
  program
    .command('worker-key')
    .description("print the public half of this worker's key, to be listed in WorkerKeys of the API's configuration; makes the key when there is none")
    .option('--config <file>', 'imagemanager.json (environment: IMAGEGW_CONFIG, GWCONFIG)')
    .option('--state <directory>', 'state directory (environment: IMAGEGW_STATE; default: ./imagegw-state)')
    .action(async ({ config: file, state }: { readonly config?: string; readonly state?: string }) => {
      try {
        const { config } = loadConfig({
          ...(file === undefined ? {} : { file }),
          environment: io.environment,
          overrides: state === undefined ? {} : { state: resolve(state) },
        });
        io.stdout.write(`${publicKeyText(await workerKey(config.stateDirectory))}\n`);
      } catch (error) {
        io.stderr.write(`imagegw: ${messageOf(error)}\n`);
        io.exitCode = EXIT.usage;
      }
    });
}
