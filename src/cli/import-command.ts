/**
 * `imagegw import SYSTEM PATH NAME`.
 */
import type { Command } from 'commander';
import { connect } from './connect.js';
import type { CliIo } from './io.js';
import { followStarted } from './pull-command.js';

interface ImportOptions {
  readonly image?: string;
  readonly public?: boolean;
  readonly user?: readonly string[];
  readonly group?: readonly string[];
  readonly force?: boolean;
  readonly wait: boolean;
}

export function addImportCommand(program: Command, io: CliIo): void {
  program
    .command('import')
    .description('publish an image that lies on the machine of the system\'s worker: a docker-archive, an OCI layout or archive, a squashfs')
    .argument('<system>', 'name of the system')
    .argument('<path>', 'absolute path on that machine')
    .argument('<name>', 'name of the image: custom:<name>; "custom:" may be left out')
    .option('--image <name>', 'which image, when the archive holds several: as the archive names it')
    .option('--public', 'let everybody on the system use it, instead of you alone')
    .option('--user <name>', 'let this user of the system use it, too; can be given again', gathered)
    .option('--group <name>', 'let this group of the system use it, too; can be given again', gathered)
    .option('--force', 'publish it again even if it is there')
    .option('--no-wait', 'print the id of the pull and end, instead of waiting for the image')
    .action(async (system: string, path: string, name: string, options: ImportOptions, command: Command) => {
      const connection = connect(command, io);
      const { image, user: users, group: groups, force, wait } = options;
      const access = users === undefined && groups === undefined ? undefined : { users, groups };
      const input = { system, path, name, image, isPublic: options.public, access, force };
      await followStarted(connection, io, wait, (signal) => connection.client.importImage(input, { signal }));
    });
}

function gathered(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
