import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { Interruption } from '../../src/cli/io.js';
import type { PullState } from '../../src/client/index.js';
import { CliRun, type CliRunOptions } from '../support/cli-run.js';
import { ScriptedGateway, type PullScript } from '../support/graphql-server.js';
import { failedState, IMAGE_ID, layerState, MIB, pullState, readyState } from '../support/pull-states.js';
import { VirtualTerminal } from '../support/virtual-terminal.js';

const READY_LINE = `READY ${IMAGE_ID} /images/${IMAGE_ID}.squashfs\n`;

let gateway: ScriptedGateway;
let script: PullScript;

beforeEach(async () => {
  gateway = await ScriptedGateway.start({
    pullImage: () => ({ pulls: [pullState(1)], errors: [] }),
    cancelPull: () => ({ pull: pullState(9, { state: 'CANCELLED', stage: null }), errors: [] }),
  });
  script = gateway.pull('pull-1');
});
afterEach(() => gateway.stop());

function pull(args: readonly string[] = [], options: CliRunOptions = {}): CliRun {
  return new CliRun(['pull', 'perlmutter', 'alpine', ...args], { url: gateway.url, ...options });
}

const layer = layerState('a', { state: 'FETCHING', attempt: 1, bytesDone: MIB });
const fetching: PullState = pullState(2, {
  state: 'PULLING',
  stage: 'FETCH',
  layers: [layer],
  bytesTotal: 10 * MIB,
});

/** Answers that the test gives when it likes. */
function heldAnswer(field: string): { asked: Promise<unknown>; give: (answer: unknown) => void } {
  const events = new EventEmitter();
  const asked = once(events, 'asked');
  let give: (answer: unknown) => void = () => {};
  const answer = new Promise((resolve) => (give = resolve));
  gateway.answers[field] = () => {
    events.emit('asked');
    return answer;
  };
  return { asked, give };
}

describe('imagegw pull', () => {
  it('shows plain lines and ends with READY on stdout and exit code 0', async () => {
    const run = pull();
    await script.subscribed();
    script.emit(fetching);
    await run.saysOnStderr(/layer/);
    script.emit(readyState(3));
    expect(await run.exited).toBe(0);
    expect(run.stdout).toBe(READY_LINE);
    expect(run.stderr).toBe(
      [
        'Pull pull-1: docker.io/library/alpine:latest to perlmutter',
        'QUEUED: waiting for a worker',
        'PULLING: fetching layers, 1 layer, 10.0 MiB',
        'layer aaaaaaaaaaaa: fetching, 10.0 MiB',
        '',
      ].join('\n'),
    );
  });

  it('asks for what its options say', async () => {
    gateway.answers['pullImage'] = () => ({ pulls: [readyState(1)], errors: [] });
    const options = [
      '--platform',
      'linux/arm64',
      '--user',
      'ann',
      '--user',
      'bob',
      '--group',
      'chem',
      '--force',
    ];
    expect(await pull(options).exited).toBe(0);
    expect(await pull().exited).toBe(0);
    expect(gateway.callsOf('pullImage')).toEqual([
      {
        input: {
          reference: 'alpine',
          systems: ['perlmutter'],
          platform: 'linux/arm64',
          force: true,
          access: { users: ['ann', 'bob'], groups: ['chem'] },
        },
      },
      { input: { reference: 'alpine', systems: ['perlmutter'], force: false } },
    ]);
  });

  it('does not follow a pull that has ended already', async () => {
    gateway.answers['pullImage'] = () => ({ pulls: [readyState(1, { isStale: true })], errors: [] });
    const run = pull();
    expect(await run.exited).toBe(0);
    expect(run.stdout).toBe(READY_LINE);
    expect(run.stderr).toContain('The registry could not be asked');
    expect(script.subscriberCount).toBe(0);
  });

  it('prints each state as JSON, the terminal one last', async () => {
    const run = pull(['--json']);
    await script.subscribed();
    script.emit(pullState(1));
    script.emit(fetching);
    await run.saysOnStdout(/PULLING/);
    script.emit(readyState(3));
    expect(await run.exited).toBe(0);
    const states = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as PullState);
    expect(states).toEqual([pullState(1), fetching, readyState(3)]);
    expect(run.stderr).toBe('');
  });

  it('with --no-wait prints the id, or the state as JSON', async () => {
    const run = pull(['--no-wait']);
    expect(await run.exited).toBe(0);
    expect([run.stdout, run.stderr]).toEqual(['pull-1\n', '']);
    const json = pull(['--no-wait', '--json']);
    expect(await json.exited).toBe(0);
    expect(JSON.parse(json.stdout)).toEqual(pullState(1));
  });

  it('goes on when the gateway restarts in between', async () => {
    const run = pull();
    await script.subscribed();
    script.emit(fetching);
    await run.saysOnStderr(/fetching layers/);
    await gateway.stop();
    await run.saysOnStderr(/Trying again\./);
    script.emit(readyState(3));
    await gateway.resume();
    expect(await run.exited).toBe(0);
    expect(run.stdout).toBe(READY_LINE);
  });

  it('draws bars on a terminal, no wider than it is', async () => {
    const screen = new VirtualTerminal(60, 10);
    const run = pull([], { isTerminal: true, columns: 60, rows: 10, screen });
    await script.subscribed();
    script.emit(fetching);
    await run.saysOnStderr(/aaaaaaaaaaaa/);
    expect(screen.screen.slice(1)).toEqual([
      expect.stringMatching(/^ {2}aaaaaaaaaaaa \[=*> *\] {4}1\.0 MiB of 10\.0 MiB$/),
      'PULLING: fetching layers, 0 B of 10.0 MiB',
    ]);
    script.emit(readyState(3));
    expect(await run.exited).toBe(0);
    expect(screen.screen).toEqual([
      'Pull pull-1: docker.io/library/alpine:latest to perlmutter',
      'READY, in 12 s',
    ]);
    expect(run.stdout).toBe(READY_LINE);
    expect(screen.hasWrapped).toBe(false);
  });
});

describe('a pull that fails', () => {
  it.each([
    ['BAD_LAYER', 1],
    ['DENIED', 3],
    ['POLICY_REFUSED', 3],
  ])('with %s ends with exit code %d', async (code, exitCode) => {
    const run = pull();
    await script.subscribed();
    script.emit(failedState(2, { code: code as 'BAD_LAYER', message: 'It\x1b[2J is bad.' }));
    expect(await run.exited).toBe(exitCode);
    expect(run.stdout).toBe('');
    expect(run.stderr).toMatch(new RegExp(`^FAILED ${code}: It\\[2J is bad\\.\\n$`, 'm'));
    expect(run.stderr).not.toContain('later');
  });

  it('says when trying again can help', async () => {
    const run = pull();
    await script.subscribed();
    script.emit(failedState(2, { code: 'RATE_LIMITED', retryable: true }));
    expect(await run.exited).toBe(1);
    expect(run.stderr).toContain('The same request can succeed later.\n');
  });

  it('because it was cancelled has exit code 1', async () => {
    const run = pull();
    await script.subscribed();
    script.emit(pullState(2, { state: 'CANCELLED', stage: null }));
    expect(await run.exited).toBe(1);
    expect(run.stderr).toContain('FAILED CANCELLED: ');
  });

  it("at once prints the gateway's own words", async () => {
    const error = {
      __typename: 'NotFoundError',
      code: 'UNKNOWN_SYSTEM',
      message: 'There is no system "perlmutter".',
      path: null,
    };
    gateway.answers['pullImage'] = () => ({ pulls: [], errors: [error] });
    const run = pull();
    expect(await run.exited).toBe(1);
    expect(run.stderr).toBe('FAILED UNKNOWN_SYSTEM: There is no system "perlmutter".\n');
  });

  it('is told on stderr also with --json, after the terminal state', async () => {
    gateway.answers['pullImage'] = () => ({ pulls: [failedState(1)], errors: [] });
    const run = pull(['--json']);
    expect(await run.exited).toBe(1);
    expect(JSON.parse(run.stdout)).toEqual(failedState(1));
    expect(run.stderr).toContain('FAILED BAD_LAYER');
  });
});

describe('an interrupted pull', () => {
  it('is left: the gateway is told, the exit code is 130', async () => {
    const run = pull();
    await script.subscribed();
    script.emit(fetching);
    await run.saysOnStderr(/fetching layers/);
    run.interrupt();
    expect(await run.exited).toBe(130);
    expect(gateway.callsOf('cancelPull')).toEqual([{ input: { id: 'pull-1', force: false } }]);
    expect(run.stderr).toContain('you have left the pull pull-1');
    expect(run.stdout).toBe('');
    await script.deserted();
  });

  it('is left also when the gateway has not answered yet', async () => {
    const { asked, give } = heldAnswer('pullImage');
    const run = pull();
    await asked;
    run.interrupt();
    give({ pulls: [pullState(1)], errors: [] });
    expect(await run.exited).toBe(130);
    expect(gateway.callsOf('cancelPull')).toHaveLength(1);
  });

  it('is left also with --no-wait, as nobody has been given its id', async () => {
    const { asked, give } = heldAnswer('pullImage');
    const run = pull(['--no-wait']);
    await asked;
    run.interrupt();
    give({ pulls: [pullState(1)], errors: [] });
    expect(await run.exited).toBe(130);
    expect(run.stdout).toBe('');
    expect(gateway.callsOf('cancelPull')).toHaveLength(1);
  });

  it('says so when the gateway can not be told', async () => {
    const run = pull();
    await script.subscribed();
    script.emit(fetching);
    await run.saysOnStderr(/fetching layers/);
    await gateway.stop();
    run.interrupt();
    expect(await run.exited).toBe(130);
    expect(run.stderr).toContain('may go on');
  });

  it('goes on when only the session was lost', async () => {
    const run = pull();
    await script.subscribed();
    run.interrupt(new Interruption('Ended by SIGHUP.', 129, false));
    expect(await run.exited).toBe(129);
    expect(gateway.callsOf('cancelPull')).toEqual([]);
  });

  it('leaves the terminal with the cursor below the bars', async () => {
    const screen = new VirtualTerminal(60, 10);
    const run = pull([], { isTerminal: true, columns: 60, rows: 10, screen });
    await script.subscribed();
    script.emit(fetching);
    await run.saysOnStderr(/aaaaaaaaaaaa/);
    run.interrupt();
    expect(await run.exited).toBe(130);
    screen.write('$ ');
    expect(screen.screen.at(-1)).toBe('$');
    expect(screen.screen.join('\n')).toContain('PULLING: fetching layers');
  });
});

describe('the login for the registry', () => {
  const lastInput = (): unknown => gateway.callsOf('pullImage').at(-1)?.['input'];
  beforeEach(() => {
    gateway.answers['pullImage'] = () => ({ pulls: [readyState(1)], errors: [] });
  });

  it.each([
    ['standard input', ['--username', 'ann'], { stdin: 'pa ss\n' }],
    ['the environment', ['--username', 'ann'], { environment: { IMAGEGW_REGISTRY_PASSWORD: 'pa ss' } }],
    [
      'the environment alone',
      ['--credentials-from-env'],
      { environment: { IMAGEGW_REGISTRY_USERNAME: 'ann', IMAGEGW_REGISTRY_PASSWORD: 'pa ss' } },
    ],
  ])('comes from %s', async (_where, args, options) => {
    const run = pull(args, options);
    expect(await run.exited).toBe(0);
    expect(lastInput()).toMatchObject({ credentials: { username: 'ann', password: 'pa ss' } });
    expect(run.stdout + run.stderr).not.toContain('pa ss');
  });

  it('is not sent when nobody asks for it', async () => {
    await pull([], { environment: { IMAGEGW_REGISTRY_USERNAME: 'ann', IMAGEGW_REGISTRY_PASSWORD: 'secret' } })
      .exited;
    expect(lastInput()).not.toHaveProperty('credentials');
  });

  it.each([
    ['standard input is a terminal', ['--username', 'ann'], {}],
    ['standard input is empty', ['--username', 'ann'], { stdin: '' }],
    ['longer than any password', ['--username', 'ann'], { stdin: 'x'.repeat(70_000) }],
    ['--credentials-from-env needs', ['--credentials-from-env'], {}],
  ])('is a usage error: %s', async (what, args, options) => {
    const run = pull(args, options);
    expect(await run.exited).toBe(2);
    expect(run.stderr).toContain('IMAGEGW_REGISTRY_PASSWORD');
    expect(run.stderr).toContain(what);
    expect(gateway.calls).toEqual([]);
  });
});
