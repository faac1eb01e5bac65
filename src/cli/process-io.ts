/**
 * The `CliIo` of this process.
 */
import { Interruption, type CliIo } from './io.js';

const SIGNALS = {
  SIGINT: new Interruption('Interrupted.', 130, true),
  SIGTERM: new Interruption('Ended by SIGTERM.', 143, true),
  // The session is lost; its user can come back and follow the pull again.
  SIGHUP: new Interruption('Ended by SIGHUP.', 129, false),
} as const;

/**
 * Takes over SIGINT, SIGTERM and SIGHUP: the first aborts `io.signal`, a second SIGINT ends the process at once.
 * Call `dispose` to give them back.
 */
export function createProcessIo(): { readonly io: CliIo; readonly dispose: () => void } {
  const controller = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted && name === 'SIGINT') process.exit(SIGNALS.SIGINT.exitCode);
    if (name in SIGNALS) controller.abort(SIGNALS[name as keyof typeof SIGNALS]);
  };
  // Nobody reads any more (`imagegw images | head -1`): end as a program ends that SIGPIPE kills.
  const onBrokenPipe = (): void => process.exit(141);
  // Without a terminal to show progress on, the work still goes on.
  const onLostTerminal = (): void => {};

  for (const name of Object.keys(SIGNALS)) process.on(name, interrupt);
  process.stdout.on('error', onBrokenPipe);
  process.stderr.on('error', onLostTerminal);
  return {
    io: {
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      environment: process.env,
      isTerminal: process.stderr.isTTY && process.env['TERM'] !== 'dumb',
      // 0 where a terminal does not know its size.
      columns: () => process.stderr.columns || 80,
      rows: () => process.stderr.rows || 24,
      signal: controller.signal,
      exitCode: 0,
    },
    dispose: () => {
      for (const name of Object.keys(SIGNALS)) process.off(name, interrupt);
      process.stdout.off('error', onBrokenPipe);
      process.stderr.off('error', onLostTerminal);
    },
  };
}
