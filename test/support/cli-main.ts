/**
 * The commands of callers as a process of their own.
 */
import { Command } from 'commander';
import { buildCallerCommands, runCommandLine } from '../../src/cli/caller-commands.js';
import { createProcessIo } from '../../src/cli/process-io.js';

const { io, dispose } = createProcessIo();
const program = new Command('imagegw');
buildCallerCommands(program, io);
process.exitCode = await runCommandLine(program, process.argv.slice(2), io);
dispose();
