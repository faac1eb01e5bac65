/** The commands of callers, against a gateway that works. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { RunningGateway } from '../../src/gateway.js';
import { CliRun } from '../support/cli-run.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, type Site } from '../support/gateway.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

let stack: TestStack;
let registry: FakeRegistry;
let site: Site;
let gateway: RunningGateway;
let imageId: string;

beforeAll(async () => {
  stack = await startTestStack();
  registry = await startFakeRegistry();
  imageId = registry.putImage([tarOf({ name: 'a', body: 'x' })], '1').slice(7);
  site = makeSite(stack, registry.url);
  gateway = await startInProcess(site, { api: true, worker: true });
});
afterAll(async () => {
  await gateway.close();
  await registry.stop();
  await stack.stop();
  site.remove();
});

async function run(...args: string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const cli = new CliRun(args, { url: gateway.url! });
  const code = await cli.exited;
  return { code, stdout: cli.stdout, stderr: cli.stderr };
}

it('pull, lookup and images tell of an image', async () => {
  expect(await run('lookup', 'one', 'app:1')).toMatchObject({ code: 1, stdout: '' });
  expect(await run('pull', 'one', 'app:1')).toMatchObject({ code: 0, stdout: `READY ${imageId} ${site.images}/${imageId}.squashfs\n` });
  expect(await run('lookup', 'one', 'app:1')).toEqual({ code: 0, stdout: `${imageId}\n`, stderr: '' });
  const { code, stdout } = await run('images');
  expect(code).toBe(0);
  expect(stdout).toContain('test/app:1');
  expect(stdout).toContain(imageId.slice(0, 12));
});

it('watch follows a pull up to its end, and cancel ends it', async () => {
  registry.putImage([tarOf({ name: 'b', body: 'y' })], '2');
  const asked = new Promise<void>((resolve) => {
    registry.hook = (_request, _response, path) => {
      if (path.includes('/blobs/')) resolve();
      return path.includes('/blobs/');
    };
  });
  const { pulls } = await clientOf(gateway).pull({ reference: 'app:2', systems: ['one'] });
  const watching = new CliRun(['watch', pulls[0]!.id], { url: gateway.url! });
  await asked;
  await watching.saysOnStderr(/RESOLVING|PULLING/);
  expect(await run('cancel', pulls[0]!.id)).toMatchObject({ code: 0 });
  expect(await watching.exited).toBe(1);
  expect(`${watching.stdout}${watching.stderr}`).toContain('CANCELLED');
  registry.hook = undefined;
  expect(await run('cancel', pulls[0]!.id)).toMatchObject({ code: 1, stderr: expect.stringContaining('CONFLICT') });
});
