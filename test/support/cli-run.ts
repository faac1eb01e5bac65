/**
 * A command line run in this process, with streams of its own.
 */
import { Command } from 'commander';
import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { buildCallerCommands, runCommandLine } from '../../src/cli/caller-commands.js';
import type { CliIo, Output } from '../../src/cli/io.js';

export interface CliRunOptions {
  readonly url?: string;
  readonly environment?: Record<string, string>;
  readonly stdin?: string;
  readonly isTerminal?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  /** Receives what goes to stderr too. */
  readonly screen?: Output;
}

export class CliRun {
  stdout = '';
  stderr = '';
  /** The exit code. */
  readonly exited: Promise<number>;
  readonly #written = new EventEmitter();
  readonly #interrupt = new AbortController();

  constructor(args: readonly string[], options: CliRunOptions = {}) {
    const io: CliIo = {
      stdin: Object.assign(Readable.from([options.stdin ?? '']), { isTTY: options.stdin === undefined }),
      stdout: {
        write: (text) => {
          this.stdout += text;
          this.#written.emit('write');
        },
      },
      stderr: {
        write: (text) => {
          this.stderr += text;
          options.screen?.write(text);
          this.#written.emit('write');
        },
      },
      environment: {
        ...(options.url === undefined ? {} : { IMAGEGW_URL: options.url }),
        ...options.environment,
      },
      isTerminal: options.isTerminal ?? false,
      columns: () => options.columns ?? 80,
      rows: () => options.rows ?? 24,
      signal: this.#interrupt.signal,
      exitCode: 0,
    };
    const program = new Command('imagegw');
    buildCallerCommands(program, io);
    this.exited = runCommandLine(program, args, io);
  }

  /** Resolves as soon as stderr holds that. */
  async saysOnStderr(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.stderr)) await once(this.#written, 'write');
  }

  /** Resolves as soon as stdout holds that. */
  async saysOnStdout(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.stdout)) await once(this.#written, 'write');
  }

  /** Ctrl-C, unless another reason is given. */
  interrupt(reason?: Error): void {
    this.#interrupt.abort(reason);
  }
}
