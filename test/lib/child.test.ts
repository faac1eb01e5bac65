import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHILD_BINDER, runChild, startChild } from '../../src/lib/child.js';
import { GatewayError } from '../../src/lib/errors.js';

/** True while a process of that id runs (a zombie does not). */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Resolves when the process has gone; polls, because it is not our child. */
async function gone(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('child processes', () => {
  it('gives the output of a program that succeeds', async () => {
    expect(await runChild({ command: 'printf', args: ['%s', 'a b; c'] })).toBe('a b; c');
  });

  it('reports status and stderr of one that fails', async () => {
    await expect(runChild({ command: 'sh', args: ['-c', 'echo broken >&2; exit 3'], errorCode: 'CONVERSION_FAILED' })).rejects.toMatchObject({
      code: 'CONVERSION_FAILED',
      message: 'sh ended with exit status 3; it said: broken',
    });
  });

  it('reports the signal of one that was killed', async () => {
    await expect(runChild({ command: 'sh', args: ['-c', 'kill -9 $$'] })).rejects.toThrow(/signal SIGKILL/);
  });

  it('names a program that is not installed', async () => {
    await expect(runChild({ command: 'no-such-program', args: [], missingCode: 'PACKER_MISSING' })).rejects.toMatchObject({
      code: 'PACKER_MISSING',
      message: expect.stringContaining('"no-such-program" is not installed'),
    });
  });

  it('ends the whole group on abort, also when the child ignores SIGTERM', async () => {
    const controller = new AbortController();
    const child = startChild({
      command: 'sh',
      args: ['-c', 'trap "" TERM; sleep 1000 & echo $!; wait; wait'],
      stdout: 'pipe',
      signal: controller.signal,
      killDelayMs: 50,
    });
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    controller.abort(new GatewayError('CANCELLED', 'stop'));
    await expect(child.done).rejects.toMatchObject({ code: 'CANCELLED' });
    await gone(Number(line.toString()));
  });

  it('ends the child at its time limit', async () => {
    await expect(runChild({ command: 'sleep', args: ['1000'], timeLimitMs: 50 })).rejects.toThrow(/time limit/);
  });

  it('bounds what it keeps of the output', async () => {
    await expect(runChild({ command: 'yes', args: [], maxBytes: 1000 })).rejects.toThrow(/more than 1000 bytes/);
  });

  it('ends the child when the parent is killed', async () => {
    const script = `
      import { startChild } from ${JSON.stringify(new URL('../../src/lib/child.ts', import.meta.url).pathname)};
      const child = startChild({ command: 'sleep', args: ['1000'] });
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await gone(pid);
  });

  it('does not begin when the parent died before the kernel was told to end it with its parent', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'imagegw-child-'));
    try {
      const begun = join(directory, 'begun');
      const run = async (parent: number): Promise<unknown[]> => once(spawn(CHILD_BINDER, [String(parent), '/usr/bin/touch', begun]), 'exit');
      expect(await run(1)).toEqual([null, 'SIGKILL']);
      expect(existsSync(begun)).toBe(false);
      expect(await run(process.pid)).toEqual([0, null]);
      expect(existsSync(begun)).toBe(true);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
