import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { superviseServer, type ServerProgram } from '../../src/embedded/supervised-server.js';

/** A shell line as a server. */
function shell(line: string): ServerProgram {
  return {
    name: 'test server',
    command: 'bash',
    args: ['-c', line],
    readyLine: /^ready$/,
    errorCode: 'INDEX_UNAVAILABLE',
  };
}

const SILENT = { info: () => {}, warn: () => {} };

describe('superviseServer', () => {
  it('gives up a server that dies again and again, and says why', async () => {
    const warnings: string[] = [];
    const log = { info: () => {}, warn: (message: string) => warnings.push(message) };
    const server = await superviseServer(shell('echo ready; echo last words; exit 3'), {
      log,
      maxRestarts: 2,
    });
    const failure = await server.failure;
    expect(failure).toMatchObject({ code: 'INDEX_UNAVAILABLE' });
    expect(failure.message).toContain('test server');
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatch(/exit status 3.*last words/s);
    expect(server.pid()).toBeUndefined();
    await server.stop();
  });

  it('counts a failed start as a death', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'imagegw-supervised-'));
    // Ready the first time only: mkdir fails when the directory is there.
    const line = `mkdir ${directory}/once && echo ready; exit 4`;
    const server = await superviseServer(shell(line), { log: SILENT, maxRestarts: 2 });
    expect((await server.failure).code).toBe('INDEX_UNAVAILABLE');
    await server.stop();
    await rm(directory, { recursive: true });
  });

  it('fails with the last words of a server that does not start', async () => {
    const starting = superviseServer(shell('echo no such option; exit 1'), { log: SILENT });
    await expect(starting).rejects.toMatchObject({
      code: 'INDEX_UNAVAILABLE',
      message: expect.stringMatching(/exit status 1.*no such option/s) as unknown,
    });
  });

  it('ends a server that does not become ready', async () => {
    const starting = superviseServer(shell('exec sleep 1000'), { log: SILENT, readyLimitMs: 50 });
    await expect(starting).rejects.toMatchObject({
      code: 'INDEX_UNAVAILABLE',
      message: expect.stringContaining('not ready after 50 ms') as unknown,
    });
  });

  it('stops between two starts as well', async () => {
    let died = (): void => {};
    const death = new Promise<void>((resolve) => {
      died = resolve;
    });
    const log = { info: () => {}, warn: () => died() };
    const server = await superviseServer(shell('echo ready; exit 1'), { log });
    await death;
    await server.stop();
    expect(server.pid()).toBeUndefined();
  });
});
