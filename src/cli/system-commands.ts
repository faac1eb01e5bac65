/**
 * `imagegw systems` and `imagegw system check|add|update|remove`.
 */
import type { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import type { DeclaredSystem, SystemCheckReport, SystemDefinitionInput, SystemReport } from '../client/index.js';
import { changeWords } from '../lib/platform-words.js';
import { connect } from './connect.js';
import { EXIT, UsageError } from './failures.js';
import type { CliIo } from './io.js';
import { formatBytes, formatSpan, printable, table } from './text.js';

export function addSystemCommands(program: Command, io: CliIo): void {
  program
    .command('systems')
    .description('list the systems: their workers, what waits and runs, whether they can be reached, their room, when an image was last published')
    .action(async (_options: object, command: Command) => {
      const { client, json } = connect(command, io);
      const systems = await client.systems({ signal: io.signal });
      if (json) for (const system of systems) io.stdout.write(`${JSON.stringify(system)}\n`);
      else io.stdout.write(table([['SYSTEM', 'ACCESS', 'WORKERS', 'QUEUED', 'RUNNING', 'FREE', 'LAST', 'STATE'], ...systems.map((system) => rowOf(system, Date.now()))]));
    });
  const system = program.command('system').description('check, declare, change or take out one system');
  system
    .command('check')
    .description('have a worker try all that publishing there needs; exit code 1 when something is wrong')
    .argument('<system>', 'name of the system')
    .action(async (name: string, _options: object, command: Command) => {
      const { client, json } = connect(command, io);
      const check = await client.checkSystem(name, { signal: io.signal });
      if (json) io.stdout.write(`${JSON.stringify(check)}\n`);
      else tellCheck(name, check, io);
      if (!check.isUsable) io.exitCode = EXIT.failed;
    });
  system
    .command('add')
    .description('declare a system')
    .argument('<system>', 'its name')
    .argument('<file>', 'JSON file with what it is, as an entry of Platforms in imagemanager.json')
    .action(async (name: string, file: string, _options: object, command: Command) => {
      const { client, json } = connect(command, io);
      tellDeclared('ADDED', await client.addSystem({ name, definition: await definitionIn(file) }, { signal: io.signal }), json, io);
    });
  system
    .command('update')
    .description('change a system that was declared with `system add`')
    .argument('<system>', 'its name')
    .argument('<file>', 'JSON file with what changes; null takes a value out')
    .action(async (name: string, file: string, _options: object, command: Command) => {
      const { client, json } = connect(command, io);
      tellDeclared('UPDATED', await client.updateSystem({ name, definition: await definitionIn(file) }, { signal: io.signal }), json, io);
    });
  system
    .command('remove')
    .description('take out a system that was declared with `system add`; files that lie there stay')
    .argument('<system>', 'its name')
    .option('--force', 'also when images are there, which are forgotten, or pulls, which are cancelled')
    .action(async (name: string, { force }: { readonly force?: boolean }, command: Command) => {
      const { client, json } = connect(command, io);
      await client.removeSystem({ name, force: force ?? false }, { signal: io.signal });
      io.stdout.write(json ? `${JSON.stringify({ name, isRemoved: true })}\n` : `REMOVED ${printable(name)}\n`);
    });
}

function rowOf({ name, access, workers, queuedPullCount, runningPullCount, status, lastPublishedAt }: SystemReport, now: number): string[] {
  return [
    name,
    access.toLowerCase(),
    String(workers.length),
    String(queuedPullCount),
    String(runningPullCount),
    typeof status?.freeBytes === 'number' ? formatBytes(status.freeBytes) : '-',
    lastPublishedAt === null ? '-' : formatSpan(now - Date.parse(lastPublishedAt)),
    stateOf(workers.length, status),
  ].map(printable);
}

function stateOf(workers: number, status: SystemReport['status']): string {
  if (status?.isReachable === true) return status.problem ?? 'reachable';
  if (status !== null) return status.problem ?? 'unreachable';
  return workers === 0 ? 'no worker' : 'not looked at yet';
}

function tellCheck(name: string, { isUsable, steps, freeBytes, writeBytesPerSecond, readBytesPerSecond, worker }: SystemCheckReport, io: CliIo): void {
  io.stdout.write(table(steps.map(({ step, durationMs, problem }) => [step, `${durationMs.toFixed(1)} ms`, problem ?? 'well'].map(printable))));
  const figures = [
    ...(freeBytes === null ? [] : [`${formatBytes(freeBytes)} free`]),
    ...(writeBytesPerSecond === null ? [] : [`written at ${formatBytes(writeBytesPerSecond)}/s`]),
    ...(readBytesPerSecond === null ? [] : [`read at ${formatBytes(readBytesPerSecond)}/s`]),
    `seen by ${worker}`,
  ];
  io.stdout.write(`${isUsable ? 'USABLE' : 'UNUSABLE'} ${printable(name)}: ${printable(figures.join(', '))}\n`);
}

function tellDeclared(word: string, { system, warnings }: DeclaredSystem, json: boolean, io: CliIo): void {
  io.stdout.write(json ? `${JSON.stringify({ system, warnings })}\n` : `${word} ${printable(system.name)}\n`);
  if (!json) for (const warning of warnings) io.stderr.write(`warning: ${printable(warning)}\n`);
}

/** What the file says, in the words of the schema; the gateway checks it. */
async function definitionIn(file: string): Promise<SystemDefinitionInput> {
  try {
    const entry = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(file, 'utf8')));
    return changeWords(entry, (word) => word.toUpperCase());
  } catch (error) {
    throw new UsageError(`${file} can't be read as a JSON object: ${error instanceof Error ? error.message : String(error)}`);
  }
}
