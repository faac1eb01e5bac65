/**
 * `imagegw watch` and `imagegw cancel`: what one does with a pull by its id.
 */
import type { Command } from 'commander';
import { connect } from './connect.js';
import { followPull } from './follow-pull.js';
import type { CliIo } from './io.js';
import { printable } from './text.js';

export function addWatchCommand(program: Command, io: CliIo): void {
  program
    .command('watch')
    .description('follow a pull to its end; ending this command does not end the pull')
    .argument('<pull-id>', 'id of the pull')
    .action(async (id: string, _options: unknown, command: Command) => {
      await followPull(connect(command, io), { id }, io);
    });
}

export function addCancelCommand(program: Command, io: CliIo): void {
  program
    .command('cancel')
    .description('leave a pull; it stops when nobody else waits for it')
    .argument('<pull-id>', 'id of the pull')
    .option('--force', 'stop it for everybody (administrators of its system)')
    .action(async (id: string, options: { readonly force?: boolean }, command: Command) => {
      const { client, json } = connect(command, io);
      const pull = await client.cancelPull(id, { force: options.force, signal: io.signal });
      if (json) io.stdout.write(`${JSON.stringify(pull)}\n`);
      else io.stdout.write(`${printable(pull?.state ?? 'CANCELLED')} ${printable(id)}\n`);
    });
}
