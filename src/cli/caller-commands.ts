/**
 * The commands of those who use a gateway, and how a command line is run.
 */
import { CommanderError, type Command } from 'commander';
import { addGlobalOptions } from './connect.js';
import { EXIT, reportError } from './failures.js';
import { addExpireCommand, addImagesCommand, addLookupCommand } from './image-commands.js';
import { addImportCommand } from './import-command.js';
import type { CliIo } from './io.js';
import { addPullCommand } from './pull-command.js';
import { addCancelCommand, addWatchCommand } from './pull-commands.js';
import { addSystemCommands } from './system-commands.js';
import { addVerifyCommand } from './verify-command.js';

/**
 * Adds `pull`, `lookup`, `images`, `watch`, `cancel`, `expire`, `import`, `systems`, `system` and `verify`, and the options `--url`, `--token` and `--json`.
 * Commands that are added to the program afterwards print to `io` too.
 */
export function buildCallerCommands(program: Command, io: CliIo): void {
  // Inherited by commands that are added from here on.
  program
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('Add --help to see what can be said.');
  addGlobalOptions(program);
  addPullCommand(program, io);
  addLookupCommand(program, io);
  addImagesCommand(program, io);
  addWatchCommand(program, io);
  addCancelCommand(program, io);
  addExpireCommand(program, io);
  addImportCommand(program, io);
  addSystemCommands(program, io);
  addVerifyCommand(program, io);
}

/**
 * Runs a command line and gives the exit code: that of the command, 2 when the line can't be understood, and for
 * anything thrown what `reportError` makes of it.
 */
export async function runCommandLine(program: Command, args: readonly string[], io: CliIo): Promise<number> {
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    // Commander has printed it already; help that was asked for is no failure.
    if (error instanceof CommanderError) io.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
    else reportError(io, error);
  }
  return io.exitCode;
}
