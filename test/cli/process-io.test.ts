import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { ScriptedGateway } from '../support/graphql-server.js';
import { IMAGE_ID, imageDetail, pullState, readyState } from '../support/pull-states.js';

const MAIN = new URL('../../dist/imagegw/main.js', import.meta.url).pathname;

let gateway: ScriptedGateway;
let child: ChildProcess | undefined;

beforeEach(async () => {
  gateway = await ScriptedGateway.start({
    pullImage: () => ({ pulls: [pullState(1)], errors: [] }),
    cancelPull: () => ({ pull: null, errors: [] }),
  });
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await gateway.stop();
});

function start(...args: string[]): ChildProcess {
  child = spawn(process.execPath, [MAIN, '--url', gateway.url, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return child;
}

async function exitCodeOf(process: ChildProcess): Promise<unknown> {
  const [code] = (await once(process, 'exit')) as unknown[];
  return code;
}

describe('the process', () => {
  it('ends by itself once the pull has ended', async () => {
    gateway.pull('pull-1').emit(readyState(2));
    const process = start('pull', 'perlmutter', 'alpine');
    const [stdout, code] = await Promise.all([text(process.stdout!), exitCodeOf(process)]);
    expect(code).toBe(0);
    expect(stdout).toBe(`READY ${IMAGE_ID} /images/${IMAGE_ID}.squashfs\n`);
  });

  it.each([
    ['SIGINT', 130, 1],
    ['SIGTERM', 143, 1],
    ['SIGHUP', 129, 0],
  ] as const)('on %s ends with %d', async (signal, code, cancelled) => {
    const process = start('pull', 'perlmutter', 'alpine');
    await gateway.pull('pull-1').subscribed();
    process.kill(signal);
    expect(await exitCodeOf(process)).toBe(code);
    expect(gateway.callsOf('cancelPull')).toHaveLength(cancelled);
  });

  it('on a second SIGINT does not wait for the gateway', async () => {
    const process = start('pull', 'perlmutter', 'alpine');
    await gateway.pull('pull-1').subscribed();
    const asked = new Promise<void>((resolve) => {
      gateway.answers['cancelPull'] = () => {
        resolve();
        return new Promise(() => {});
      };
    });
    process.kill('SIGINT');
    await asked;
    process.kill('SIGINT');
    expect(await exitCodeOf(process)).toBe(130);
  });

  it('ends quietly when nobody reads its output any more', async () => {
    // More than fits into a pipe, so that it has to notice.
    const nodes = Array.from({ length: 2000 }, () => imageDetail());
    gateway.answers['images'] = () => ({ nodes, pageInfo: { hasNextPage: true, endCursor: 'next' } });
    const process = start('images', '--json');
    const stderr = text(process.stderr!);
    await once(process.stdout!, 'data');
    process.stdout!.destroy();
    expect(await exitCodeOf(process)).toBe(141);
    expect(await stderr).toBe('');
  });
});
