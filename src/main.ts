#!/usr/bin/env -S node --max-semi-space-size=4
/**
 * `imagegw`: the command line of everything. Node.js can be told at its start only how far its young generation may grow
 * (MiB, three times): as far as it would by itself, a worker takes 27 MB more at its peak, and is no faster.
 */
import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { buildCallerCommands, runCommandLine } from './cli/caller-commands.js';
import { addConfigCommand } from './cli/config-command.js';
import { addDoctorCommand } from './cli/doctor-command.js';
import { createProcessIo } from './cli/process-io.js';
import { addServeCommands } from './cli/serve-commands.js';
import { addWorkerKeyCommand } from './cli/worker-key-command.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
const { io, dispose } = createProcessIo();
const program = new Command('imagegw')
  .description('Pulls container images, flattens them into squashfs, and publishes them on HPC systems.')
  .version(version);
buildCallerCommands(program, io);
addServeCommands(program, io, version);
addConfigCommand(program, io);
addWorkerKeyCommand(program, io);
addDoctorCommand(program, io);
process.exitCode = await runCommandLine(program, process.argv.slice(2), io);
dispose();
