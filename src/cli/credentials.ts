/**
 * The caller's login for a registry. A password never comes from the command line, where every user of the
 * machine can read it.
 */
import { addAbortSignal } from 'node:stream';
import type { RegistryCredentialsInput } from '../client/index.js';
import { UsageError } from './failures.js';
import type { CliIo } from './io.js';

export const USERNAME_VARIABLE = 'IMAGEGW_REGISTRY_USERNAME';
export const PASSWORD_VARIABLE = 'IMAGEGW_REGISTRY_PASSWORD';

/** No password or token is as long as this. */
const MAX_PASSWORD_BYTES = 64 * 1024;

export interface CredentialsOptions {
  readonly username?: string | undefined;
  readonly credentialsFromEnv?: boolean | undefined;
}

/**
 * The login that the options ask for; undefined when they ask for none.
 *
 * @throws UsageError when a part of it is missing.
 */
export async function readCredentials(
  options: CredentialsOptions,
  io: CliIo,
): Promise<RegistryCredentialsInput | undefined> {
  const password = io.environment[PASSWORD_VARIABLE] ?? '';
  if (options.credentialsFromEnv === true) {
    const username = options.username ?? io.environment[USERNAME_VARIABLE] ?? '';
    if (username === '' || password === '') {
      throw new UsageError(
        `--credentials-from-env needs ${USERNAME_VARIABLE} and ${PASSWORD_VARIABLE} in the environment.`,
      );
    }
    return { username, password };
  }
  if (options.username === undefined) return undefined;
  return { username: options.username, password: password === '' ? await passwordFromInput(io) : password };
}

async function passwordFromInput({ stdin, signal }: CliIo): Promise<string> {
  // Typed in here it would be seen on the screen.
  const wanted = `--username needs the password on standard input (a pipe or a file) or in ${PASSWORD_VARIABLE}`;
  if (stdin.isTTY === true) throw new UsageError(`${wanted}; standard input is a terminal.`);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of addAbortSignal(signal, stdin)) {
    const bytes = Buffer.from(chunk as Buffer | string);
    size += bytes.length;
    if (size > MAX_PASSWORD_BYTES)
      throw new UsageError(`${wanted}; what came there is longer than any password.`);
    chunks.push(bytes);
  }
  // A password may hold any character, but `echo` ends it with a line break that is not part of it.
  const password = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (password === '') throw new UsageError(`${wanted}; standard input is empty.`);
  return password;
}
