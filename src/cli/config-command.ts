/**
 * `imagegw config check FILE`: everything that is wrong with a configuration, at once.
 */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { checkConfig, findingLine } from '../config/index.js';
import { messageOf } from '../lib/errors.js';
import { EXIT } from './failures.js';
import type { CliIo } from './io.js';

export function addConfigCommand(program: Command, io: CliIo): void {
  program
    .command('config')
    .description('look at a configuration')
    .command('check')
    .description('print all problems of a configuration at once; exits with 0 when it can be used, else with 1')
    .argument('<file>', 'imagemanager.json')
    .action((file: string) => {
      io.exitCode = check(file, io);
    });
}

function check(file: string, io: CliIo): number {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    io.stderr.write(`${file} can't be read: ${messageOf(error)}\n`);
    return EXIT.usage;
  }
  const { problems, warnings } = checkConfig(content, file);
  for (const problem of problems) io.stdout.write(`error: ${findingLine(problem)}\n`);
  for (const warning of warnings) io.stdout.write(`warning: ${findingLine(warning)}\n`);
  io.stdout.write(`${file}: ${String(problems.length)} problem(s), ${String(warnings.length)} warning(s)\n`);
  return problems.length === 0 ? 0 : EXIT.failed;
}
