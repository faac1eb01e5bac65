/** Users and groups as this machine knows them: through its name service, which may know more than its files. */
import { GatewayError, messageOf } from './errors.js';
import { startChild } from './child.js';

/** getent(1): a name was not found. */
const NOT_FOUND_STATUS = 2;
/** Highest number that is one; the next is (uid_t) -1. */
const HIGHEST_ID = 2 ** 32 - 2;

export interface NameServiceOptions {
  /** The name service is given up after so long (ms). */
  readonly timeLimitMs: number;
  readonly signal?: AbortSignal;
  /** The program that asks it. */
  readonly getent?: string;
}

/**
 * The numbers of those of these users (`passwd`) or groups that the machine knows.
 *
 * @throws GatewayError NAMES_UNAVAILABLE when it can't say, or the reason of the signal.
 */
export async function idsOf(database: 'passwd' | 'group', names: readonly string[], options: NameServiceOptions): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  if (names.length === 0) return ids;
  const { timeLimitMs, signal, getent = 'getent' } = options;
  const child = startChild({
    command: getent,
    args: ['--', database, ...names],
    stdout: 'pipe',
    timeLimitMs,
    ...(signal === undefined ? {} : { signal }),
    errorCode: 'NAMES_UNAVAILABLE',
    errorCodes: { [NOT_FOUND_STATUS]: 'NOT_FOUND' },
  });
  const [text] = await Promise.all([
    textOf(child.stdout),
    child.done.catch((error: unknown) => {
      if (error instanceof GatewayError && error.code === 'NOT_FOUND') return;
      if (!(error instanceof GatewayError) || error.code !== 'NAMES_UNAVAILABLE') throw error;
      throw new GatewayError('NAMES_UNAVAILABLE', `The machine of the worker can't be asked for users and groups: ${messageOf(error)} Try again; if it lasts, tell the administrator.`, { cause: error });
    }),
  ]);
  // Both begin `name:password:number:`. A number in place of a name is found, too, under another name.
  for (const line of text.split('\n')) {
    const [name = '', , id = ''] = line.split(':');
    if (names.includes(name) && /^\d+$/.test(id) && Number(id) <= HIGHEST_ID) ids.set(name, Number(id));
  }
  return ids;
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
