/**
 * `imagegw verify SYSTEM`: what lies on a system, read back and compared with the index.
 */
import type { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayClientError, type VerificationReport } from '../client/index.js';
import { connect } from './connect.js';
import { EXIT, reportFailure } from './failures.js';
import type { CliIo } from './io.js';
import { formatBytes, printable, table } from './text.js';

/** How often the gateway is asked how far it is. */
const POLL_MS = 500;

interface VerifyOptions {
  readonly repair: boolean;
  readonly wait: boolean;
}

export function addVerifyCommand(program: Command, io: CliIo): void {
  program
    .command('verify')
    .description('read what lies on a system back and compare it with the index; exit code 1 when anything is not as it should be')
    .argument('<system>', 'name of the system')
    .option('--no-repair', 'only tell: publish nothing again, remove nothing')
    .option('--no-wait', 'ask for it and end')
    .action(async (system: string, { repair, wait }: VerifyOptions, command: Command) => {
      const { client, json } = connect(command, io);
      let report = await client.verifySystem({ system, repair }, { signal: io.signal });
      let last = '';
      while (wait && !hasEnded(report)) {
        const now = progressOf(report);
        if (!json && now !== last) io.stderr.write(`${now}\n`);
        last = now;
        await sleep(POLL_MS, undefined, { signal: io.signal });
        const next = await client.findVerification(system, { signal: io.signal });
        if (next === null) throw new GatewayClientError('NOT_FOUND', `The gateway does not know of a verification of ${system} any more.`);
        report = next;
      }
      if (json) io.stdout.write(`${JSON.stringify(report)}\n`);
      else if (hasEnded(report)) tell(report, io);
      else io.stdout.write(`${printable(report.state)} ${printable(system)}\n`);
      setExitCode(report, io);
    });
}

function hasEnded({ state }: VerificationReport): boolean {
  return state === 'DONE' || state === 'FAILED';
}

function progressOf({ state, checkedImageCount, imageCount, bytesDone, bytesTotal }: VerificationReport): string {
  if (state === 'WAITING') return 'waiting for a worker';
  return `${String(checkedImageCount)} of ${String(imageCount)} images, ${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`;
}

function tell({ state, findings, findingCount, imageCount, bytesTotal, system }: VerificationReport, io: CliIo): void {
  if (findings.length > 0) {
    const rows = findings.map(({ kind, path, message, pull }) => [kind, path, pull?.id ?? '-', message].map(printable));
    io.stdout.write(table([['FOUND', 'PATH', 'PULL', 'WHAT'], ...rows]));
    if (findingCount > findings.length) io.stdout.write(`and ${String(findingCount - findings.length)} more\n`);
  }
  if (state === 'DONE' && findingCount === 0) io.stdout.write(`WHOLE ${printable(system.name)}: ${String(imageCount)} images, ${formatBytes(bytesTotal)}\n`);
}

function setExitCode({ state, error, findingCount }: VerificationReport, io: CliIo): void {
  if (state === 'FAILED') {
    const { code, message } = error ?? { code: 'INTERNAL', message: 'The gateway gave no reason.' };
    reportFailure(io, { code, message, retryable: true });
    // The system could not be looked at: nothing is known of it.
    io.exitCode = EXIT.unreachable;
  } else if (findingCount > 0) io.exitCode = EXIT.failed;
}
