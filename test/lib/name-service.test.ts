import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { idsOf } from '../../src/lib/name-service.js';

const LONG = { timeLimitMs: 60_000 };

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'imagegw-names-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A program in the place of getent. */
function getent(script: string): string {
  const path = join(directory, 'getent');
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

describe('the numbers of users and groups', () => {
  it('are those that the machine tells; a number or an option in place of a name is not known', async () => {
    const numberOf = (option: string): number => Number(execFileSync('id', [option, 'daemon'], { encoding: 'utf8' }));
    expect(await idsOf('passwd', ['daemon', 'nobody-has-this', '0', '--help', 'root'], LONG)).toEqual(new Map([['daemon', numberOf('-u')], ['root', 0]]));
    expect(await idsOf('group', ['daemon', '0'], LONG)).toEqual(new Map([['daemon', numberOf('-g')]]));
    expect(await idsOf('passwd', [], LONG)).toEqual(new Map());
  });

  it('are taken from whole answers only', async () => {
    const path = getent(`printf 'a:x:7:\\nb:x:-1:\\nc:x:4294967295:\\nd:x:\\nother:x:8:\\ne:x:4294967294'`);
    expect(await idsOf('passwd', ['a', 'b', 'c', 'd', 'e'], { ...LONG, getent: path })).toEqual(new Map([['a', 7], ['e', 4_294_967_294]]));
  });

  it.each([
    ['fails', 'echo a:x:7:; echo "no server" >&2; exit 1', 60_000, /exit status 1.*no server/],
    ['does not answer', 'exec tail -f /dev/null', 50, /50 ms, its time limit/],
  ])('are not guessed when the name service %s', async (_how, script, timeLimitMs, message) => {
    await expect(idsOf('passwd', ['a'], { timeLimitMs, getent: getent(script) })).rejects.toMatchObject({
      code: 'NAMES_UNAVAILABLE',
      retryable: true,
      message: expect.stringMatching(message),
    });
  });

  it('are not waited for by somebody who has gone', async () => {
    const controller = new AbortController();
    const asked = idsOf('passwd', ['a'], { ...LONG, signal: controller.signal, getent: getent('exec tail -f /dev/null') });
    controller.abort(new Error('gone'));
    await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
