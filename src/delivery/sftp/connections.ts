/** The connections of one process: one for each host and login, shared by all its pulls and kept until `close`. */
import { setTimeout as delay } from 'node:timers/promises';
import { abortReason, GatewayError, messageOf } from '../../lib/errors.js';
import { orAborted, orLate, stopIfAborted } from '../abort.js';
import { hostText, type SshAccount, type SshHost } from './account.js';
import { ConnectionLost } from './channel.js';
import { SshConnection } from './connection.js';

const LONGEST_DELAY_MS = 30_000;

/** No host of an account lets us in; retryable unless trying again is useless for all of them. */
export class Unreachable extends GatewayError {
  constructor({ hosts }: SshAccount, failures: readonly GatewayError[]) {
    const reasons = failures.map(({ message }) => message).join(' ');
    const message = hosts.length === 1 ? reasons : `None of the hosts ${hosts.map(hostText).join(', ')} can be used. ${reasons}`;
    super('DELIVERY_FAILED', message, { cause: failures.length === 1 ? failures[0] : failures, retryable: failures.some(({ retryable }) => retryable) });
  }
}

export class SshConnections {
  readonly #open = new Map<string, Promise<SshConnection>>();
  readonly #onProblem: (error: GatewayError) => void;
  readonly #closing = new AbortController();

  /** @param onProblem told of a host that was passed over for the next one. */
  constructor(onProblem: (error: GatewayError) => void = () => {}) {
    this.#onProblem = onProblem;
  }

  /**
   * The connection to the first host that has one, else to the first that can be reached.
   * @throws Unreachable with what is wrong with each host; GatewayError BAD_CONFIG for files of the login.
   */
  async get(account: SshAccount): Promise<SshConnection> {
    stopIfAborted(this.#closing.signal);
    for (const host of account.hosts) {
      const existing = await this.#open.get(keyOf(account, host))?.catch(() => undefined);
      if (existing?.isOpen === true) return existing;
    }
    const failures: GatewayError[] = [];
    for (const host of account.hosts) {
      try {
        return await this.#connect(account, host);
      } catch (error) {
        const failure = error instanceof GatewayError ? error : new GatewayError('DELIVERY_FAILED', messageOf(error), { cause: error });
        // A wrong file is wrong for every host.
        if (failure.code === 'BAD_CONFIG') throw failure;
        failures.push(failure);
        if (account.hosts.length > 1) this.#onProblem(failure);
      }
    }
    throw new Unreachable(account, failures);
  }

  /**
   * Runs a step on a connection, and again on a new one when that breaks or can't be made, at most `reconnects` times
   * in a row without `progressed` having been called. The step must bear being done twice. Once the signal has fired
   * nothing is begun anew, and the step that is under way has `graceMs` to end before nobody waits for it any more.
   * @throws GatewayError of the last attempt, whatever the step throws otherwise, or the reason of the signal.
   */
  async run<T>(
    account: SshAccount,
    step: (connection: SshConnection, attempt: number, progressed: () => void) => Promise<T>,
    signal?: AbortSignal,
    graceMs = 0,
  ): Promise<T> {
    let failures = 0;
    for (let attempt = 0; ; attempt += 1) {
      stopIfAborted(signal);
      try {
        const connection = await orAborted(this.get(account), signal);
        const done = step(connection, attempt, () => {
          failures = 0;
        });
        return await orLate(done, signal, graceMs);
      } catch (error) {
        // A refusal is an answer; only what did not get through is worth another try.
        const isLost = error instanceof ConnectionLost || error instanceof Unreachable;
        if (!isLost || !error.retryable || failures >= account.limits.reconnects) throw error;
      }
      await this.#wait(account.limits.reconnectDelayMs * 2 ** failures, signal);
      failures += 1;
    }
  }

  /** Ends all connections, and those that are being made. */
  async close(): Promise<void> {
    this.#closing.abort(new GatewayError('DELIVERY_FAILED', 'The gateway is closing its connections.'));
    await Promise.all(
      [...this.#open.values()].map(async (opening) => {
        await opening.then((connection) => connection.close()).catch(() => {});
      }),
    );
    this.#open.clear();
  }

  async #wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const ending = AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])]);
    await delay(Math.min(ms, LONGEST_DELAY_MS), undefined, { signal: ending }).catch((error: unknown) => {
      throw ending.aborted ? abortReason(ending) : error;
    });
  }

  async #connect(account: SshAccount, host: SshHost): Promise<SshConnection> {
    const key = keyOf(account, host);
    const pending = this.#open.get(key);
    const connection = await pending?.catch(() => undefined);
    if (connection?.isOpen === true) return connection;
    // Somebody else may have begun to connect while we waited.
    const other = this.#open.get(key);
    if (other !== undefined && other !== pending) return other;
    stopIfAborted(this.#closing.signal);
    const opening = SshConnection.open(account, host, this.#closing.signal);
    this.#open.set(key, opening);
    try {
      return await opening;
    } catch (error) {
      if (this.#open.get(key) === opening) this.#open.delete(key);
      throw error;
    }
  }
}

/** Connections differ by everything that decides who logs in where, and what is trusted. */
function keyOf(account: SshAccount, host: SshHost): string {
  const { username, keyFile, passphraseFile, agent, knownHosts, fingerprints } = account;
  return JSON.stringify([hostText(host), username, keyFile, passphraseFile, agent, knownHosts, fingerprints]);
}
