/**
 * `imagegw pull SYSTEM REFERENCE`.
 */
import type { Command } from 'commander';
import * as z from 'zod';
import { GatewayClientError, hasEnded, type PullState } from '../client/index.js';
import { connect, type Connection } from './connect.js';
import { PASSWORD_VARIABLE, readCredentials, USERNAME_VARIABLE } from './credentials.js';
import { followPull } from './follow-pull.js';
import { abortedAfter, interruptionOf, type CliIo } from './io.js';
import { printable } from './text.js';

/** After an interruption the gateway has this long to answer. */
const FAREWELL_MS = 5000;

const pullOptions = z.object({
  platform: z.string().optional(),
  user: z.array(z.string()).default([]),
  group: z.array(z.string()).default([]),
  force: z.boolean().default(false),
  wait: z.boolean().default(true),
  username: z.string().optional(),
  credentialsFromEnv: z.boolean().optional(),
});

const collect = (value: string, former: readonly string[] | undefined): string[] => [
  ...(former ?? []),
  value,
];

export function addPullCommand(program: Command, io: CliIo): void {
  program
    .command('pull')
    .description('bring an image to a system, and show how it comes')
    .argument('<system>', 'name of the system')
    .argument('<reference>', 'the image: [registry/]repository[:tag][@digest]')
    .option('--platform <platform>', "os/architecture[/variant]; the system's own if not given")
    .option('--user <name>', 'who may use the image if it is private; can be given several times', collect)
    .option(
      '--group <name>',
      'group that may use the image if it is private; can be given several times',
      collect,
    )
    .option('--force', 'ask the registry, and publish again, even if the image is there')
    .option('--no-wait', 'print the id of the pull and end, instead of waiting for the image')
    .option(
      '--username <name>',
      `user at the registry; password on standard input or in ${PASSWORD_VARIABLE}`,
    )
    .option(
      '--credentials-from-env',
      `login for the registry in ${USERNAME_VARIABLE} and ${PASSWORD_VARIABLE}`,
    )
    .action(async (system: string, reference: string, _options: unknown, command: Command) => {
      const connection = connect(command, io);
      const options = pullOptions.parse(command.opts());
      const credentials = await readCredentials(options, io);
      const access = { users: options.user, groups: options.group };
      const input = {
        systems: [system],
        reference,
        platform: options.platform,
        force: options.force,
        credentials,
        access: access.users.length + access.groups.length > 0 ? access : undefined,
      };
      await followStarted(connection, io, options.wait, async (signal) => {
        const [pull] = (await connection.client.pull(input, { signal })).pulls;
        if (pull === undefined) throw new GatewayClientError('INTERNAL', 'The gateway answered with neither a pull nor a reason.');
        return pull;
      });
    });
}

/**
 * Starts something that is followed like a pull, and follows it unless `wait` is false. An interruption leaves it.
 *
 * @param begin asks the gateway for it.
 */
export async function followStarted(connection: Connection, io: CliIo, wait: boolean, begin: (signal: AbortSignal) => Promise<PullState>): Promise<void> {
  const pull = await startPull(io, begin);
  try {
    io.signal.throwIfAborted();
    if (!wait) {
      io.stdout.write(connection.json ? `${JSON.stringify(pull)}\n` : `${printable(pull.id)}\n`);
      return;
    }
    if (!connection.json)
      io.stderr.write(printable(`Pull ${pull.id}: ${pull.reference} to ${pull.system.name}`) + '\n');
    await followPull(connection, { id: pull.id, first: pull }, io);
  } catch (error) {
    if (!io.signal.aborted || hasEnded(pull)) throw error;
    await leavePull(connection, io, pull);
  }
}

async function startPull(io: CliIo, begin: (signal: AbortSignal) => Promise<PullState>): Promise<PullState> {
  // An interruption does not cut this request short: the pull may have begun, and only its id lets us leave it.
  const patience = abortedAfter(io.signal, FAREWELL_MS);
  try {
    return await begin(patience.signal);
  } finally {
    patience.dispose();
  }
}

/** Ctrl-C: the caller no longer waits, so the gateway need not work for it. Others that wait are not disturbed. */
async function leavePull({ client }: Connection, io: CliIo, pull: PullState): Promise<void> {
  const interruption = interruptionOf(io.signal);
  io.exitCode = interruption.exitCode;
  if (!interruption.isWithdrawal) return;
  const patience = abortedAfter(io.signal, FAREWELL_MS);
  try {
    await client.cancelPull(pull.id, { signal: patience.signal });
    io.stderr.write(
      `Interrupted: you have left the pull ${printable(pull.id)}; it goes on only if others wait for it.\n`,
    );
  } catch {
    io.stderr.write(
      `Interrupted: the gateway could not be told, so the pull ${printable(pull.id)} may go on.\n`,
    );
  } finally {
    patience.dispose();
  }
}
