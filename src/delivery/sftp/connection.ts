/** One connection to one host, logged in, with its SFTP channels. */
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import ssh2, { type Client, type ConnectConfig, type PublicKeyAuthMethod } from 'ssh2';
import { abortReason, GatewayError, messageOf } from '../../lib/errors.js';
import { stopIfAborted } from '../abort.js';
import { hostText, type SshAccount, type SshHost } from './account.js';
import { ConnectionLost, SftpChannel } from './channel.js';
import { hostKeyCheck } from './host-key.js';
import { unlockKey } from './private-key.js';

/** Round trips that are timed when a connection is made; the fastest counts. */
const RTT_SAMPLES = 2;
/** Unanswered signs of life that end a connection. */
const KEEPALIVES = 3;

export class SshConnection {
  readonly host: string;
  #rttMs = 0;
  readonly #client: Client;
  readonly #account: SshAccount;
  readonly #channels: SftpChannel[] = [];
  /** What the server lets us have; known once it has refused one. */
  #channelLimit: number;
  #opening: Promise<void> = Promise.resolve();
  #lost: ConnectionLost | undefined;

  private constructor(client: Client, host: string, account: SshAccount) {
    this.#client = client;
    this.host = host;
    this.#account = account;
    this.#channelLimit = account.limits.channels;
  }

  /**
   * Connects, checks the host key, logs in, and opens the first channel.
   * @throws GatewayError DELIVERY_FAILED when the host can't be reached, shows a key that is not trusted or refuses the
   *   user; BAD_CONFIG for key files that can't be used; the reason of the signal.
   */
  static async open(account: SshAccount, host: SshHost, signal: AbortSignal): Promise<SshConnection> {
    const client = await login(account, host, signal);
    const connection = new SshConnection(client, hostText(host), account);
    client.on('error', (error: Error) => connection.#fail(error.message, error));
    client.on('close', () => connection.#fail('it was closed'));
    const stop = (): void => connection.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const [first] = await connection.channels(1);
      await connection.#measure(first);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Round trip in ms, as it was when the connection was made. */
  get rttMs(): number {
    return this.#rttMs;
  }

  get isOpen(): boolean {
    return this.#lost === undefined;
  }

  /** At least one channel, at most `count`: fewer when the server refuses more. They are shared by all who ask. */
  async channels(count: number): Promise<readonly [SftpChannel, ...SftpChannel[]]> {
    const opening = this.#opening.then(() => this.#openUpTo(count));
    this.#opening = opening.catch(() => {});
    await opening;
    const [first, ...others] = this.#channels;
    if (first === undefined) throw this.#lost ?? new ConnectionLost(this.host, 'it has no SFTP channel');
    return [first, ...others.slice(0, count - 1)];
  }

  close(): void {
    this.#fail('it was closed by the gateway');
  }

  /** Side by side: a channel takes four round trips to open. */
  async #openUpTo(count: number): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost;
    const missing = Math.min(count, this.#channelLimit) - this.#channels.length;
    if (missing <= 0) return;
    const opened = await Promise.allSettled(Array.from({ length: missing }, () => this.#openChannel()));
    for (const result of opened) if (result.status === 'fulfilled') this.#channels.push(result.value);
    const refused = opened.find((result) => result.status === 'rejected');
    if (refused === undefined) return;
    if (!this.isOpen || this.#channels.length === 0) throw refused.reason;
    // MaxSessions: the server gives no more on one connection.
    this.#channelLimit = this.#channels.length;
  }

  #openChannel(): Promise<SftpChannel> {
    return new Promise((resolve, reject) => {
      const { stallTimeoutMs } = this.#account.limits;
      const timer = setTimeout(() => {
        this.#fail(`no SFTP channel was opened for ${stallTimeoutMs / 1000} s`);
        reject(this.#lost ?? new ConnectionLost(this.host, 'no SFTP channel was opened'));
      }, stallTimeoutMs);
      const failed = (error?: unknown): void => {
        clearTimeout(timer);
        const why = error === undefined ? 'it was closed' : messageOf(error);
        reject(this.#lost ?? new ConnectionLost(this.host, `no SFTP channel could be opened: ${why}`, error));
      };
      const closed = (): void => failed();
      // ssh2 does not call back when the connection breaks meanwhile.
      this.#client.once('close', closed);
      try {
        this.#client.sftp((error, sftp) => {
          this.#client.removeListener('close', closed);
          if (error !== undefined) return failed(error);
          clearTimeout(timer);
          // A lost channel has taken requests with it; beginning again on a new connection is the one way to go on.
          resolve(new SftpChannel(sftp, this.host, stallTimeoutMs, (reason) => this.#fail(reason.message, reason)));
        });
      } catch (error) {
        failed(error);
      }
    });
  }

  async #measure(channel: SftpChannel): Promise<void> {
    let best = Infinity;
    for (let sample = 0; sample < RTT_SAMPLES; sample += 1) {
      const begin = performance.now();
      await channel.realpath('.');
      best = Math.min(best, performance.now() - begin);
    }
    this.#rttMs = best;
  }

  #fail(why: string, cause?: unknown): void {
    if (this.#lost !== undefined) return;
    this.#lost = cause instanceof ConnectionLost ? cause : new ConnectionLost(this.host, why, cause);
    for (const channel of this.#channels) channel.fail(this.#lost);
    this.#client.end();
    // A peer that does not answer would keep the socket for minutes.
    this.#client.destroy();
  }
}

async function login(account: SshAccount, host: SshHost, signal: AbortSignal): Promise<Client> {
  const config: ConnectConfig = {
    username: account.username,
    readyTimeout: account.limits.connectTimeoutMs,
    keepaliveInterval: account.limits.keepaliveMs,
    keepaliveCountMax: KEEPALIVES,
    ...(await credentials(account)),
  };
  const check = await hostKeyCheck(account, host);
  let refusal: GatewayError | undefined;
  const client = new ssh2.Client();
  stopIfAborted(signal);
  return new Promise((resolve, reject) => {
    const socket = dial(host, account.limits.connectTimeoutMs);
    client.once('ready', () => {
      signal.removeEventListener('abort', stop);
      client.removeAllListeners('error').removeAllListeners('close');
      resolve(client);
    });
    const failed = (error: Error): void => {
      signal.removeEventListener('abort', stop);
      client.destroy();
      // Later errors of the same attempt say nothing new.
      client.removeAllListeners('error').on('error', () => {});
      reject(refusal ?? explainLogin(error, account, host));
    };
    const stop = (): void => {
      refusal = abortReason(signal);
      failed(refusal);
    };
    signal.addEventListener('abort', stop, { once: true });
    client.once('error', failed);
    client.once('close', () => failed(new Error('the connection was closed')));
    client.connect({
      ...config,
      sock: socket,
      hostVerifier: (key: Buffer) => {
        refusal = check.refusal(key);
        return refusal === undefined;
      },
      ...(check.preferred.length === 0 ? {} : { algorithms: { serverHostKey: { prepend: [...check.preferred], append: [], remove: [] } } }),
    });
  });
}

/**
 * Our own socket, so that what is written in one turn of the event loop leaves in one system call: ssh2 writes each
 * packet of 32 KiB alone.
 */
function dial({ name, port }: SshHost, timeoutMs: number): Socket {
  const socket = connect({ host: name, port, noDelay: true });
  const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeoutMs / 1000} s`)), timeoutMs);
  const write = socket.write.bind(socket);
  let isCorked = false;
  const gather = (): void => {
    if (isCorked) return;
    isCorked = true;
    socket.cork();
    setImmediate(() => {
      isCorked = false;
      socket.uncork();
    });
  };
  socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  socket.write = ((...args: Parameters<typeof write>) => {
    gather();
    return write(...args);
  }) as typeof socket.write;
  return socket;
}

function explainLogin(error: Error, { username, keyFile }: SshAccount, host: SshHost): GatewayError {
  const where = hostText(host);
  if ('level' in error && error.level === 'client-authentication') {
    const how = keyFile === undefined ? "with the agent's keys" : `with the key ${keyFile}`;
    return new GatewayError('DELIVERY_FAILED', `${where} does not let ${username} in ${how}. Put the public key into authorized_keys of ${username} there.`, {
      cause: error,
      retryable: false,
    });
  }
  return new GatewayError('DELIVERY_FAILED', `Can't connect to ${where}: ${error.message}. Check the host, its port and the network.`, { cause: error });
}

async function credentials(account: SshAccount): Promise<Pick<ConnectConfig, 'authHandler' | 'agent'>> {
  const { keyFile, passphraseFile } = account;
  if (keyFile === undefined) {
    const agent = account.agent ?? process.env['SSH_AUTH_SOCK'];
    if (agent !== undefined && agent !== '') return { agent };
    throw new GatewayError('BAD_CONFIG', `There is no key to log in as ${account.username}: name a file in ssh.key, or start the gateway with an agent (SSH_AUTH_SOCK).`);
  }
  const privateKey = await readSecret(keyFile, 'ssh.key');
  const passphrase = passphraseFile === undefined ? undefined : (await readSecret(passphraseFile, 'ssh.passphraseFile')).toString('utf8').split('\n')[0]?.replace(/\r$/, '');
  const unlocked = unlockKey(privateKey, passphrase);
  if (unlocked instanceof Error) {
    const hint = passphrase === undefined ? 'If it has a passphrase, name a file with it in ssh.passphraseFile.' : 'Check the passphrase in ssh.passphraseFile.';
    throw new GatewayError('BAD_CONFIG', `The key ${keyFile} can't be used: ${unlocked.message}. ${hint}`);
  }
  const method: PublicKeyAuthMethod = { type: 'publickey', username: account.username, key: unlocked };
  return { authHandler: [method] };
}

async function readSecret(path: string, key: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw new GatewayError('BAD_CONFIG', `Can't read ${path}: ${messageOf(error)}. Correct ${key}, or the permissions of the file.`, { cause: error });
  });
}
