import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLocalTarget, createSftpTarget, publishWithRetries, SshConnections, type PublishRequest, type Retries, type Target } from '../../src/delivery/index.js';
import { runChild } from '../../src/lib/child.js';
import type { GatewayError } from '../../src/lib/errors.js';
import { freePort } from '../support/sshd.js';
import { TEST_LIMITS } from './fixtures/targets.js';
import { filesBelow, IMAGE_ID, makeWorkspace, MIB, ONE_IMAGE, PULL_ID, SIGNAL, type Workspace } from './fixtures/workspace.js';

let workspace: Workspace;
let target: Target;
/** What was told of failures. */
let told: GatewayError[];

beforeEach(async () => {
  workspace = await makeWorkspace();
  target = createLocalTarget({ imageDirectory: workspace.images });
  told = [];
});
afterEach(() => workspace.remove());

async function request(changes: Partial<PublishRequest> = {}): Promise<PublishRequest> {
  return { imageId: IMAGE_ID, pullId: PULL_ID, product: await workspace.product('a', MIB), meta: 'FORMAT: squashfs\n', sidecar: '{}\n', signal: SIGNAL, ...changes };
}

const retrying = (onRetry: () => void = () => {}): Retries => ({
  retries: 3,
  retryDelayMs: 10,
  onRetry(error) {
    told.push(error);
    onRetry();
  },
});

/** Nothing can be published where the folder of the sidecars is a file. */
const fault = (): string => join(workspace.images, '.imagegw');

describe('a delivery that fails', () => {
  it('is begun anew, and whole when what was wrong has passed', async () => {
    await writeFile(fault(), '');
    let mended = Promise.resolve();
    const files = await publishWithRetries(target, await request(), retrying(() => void (mended = told.length === 2 ? rm(fault()) : mended)));
    await mended;
    expect(files.image).toBe('copied');
    expect(told).toHaveLength(2);
    expect(told[0]).toMatchObject({ code: 'DELIVERY_FAILED', message: expect.stringContaining('.imagegw is not a directory') });
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
  });

  it('is given up after so many tries', async () => {
    await writeFile(fault(), '');
    await expect(publishWithRetries(target, await request(), retrying())).rejects.toMatchObject({ code: 'DELIVERY_FAILED' });
    expect(told).toHaveLength(3);
  });

  it('stops waiting when it is cancelled', async () => {
    await writeFile(fault(), '');
    const controller = new AbortController();
    const patient = { ...retrying(() => controller.abort()), retryDelayMs: 3_600_000 };
    await expect(publishWithRetries(target, await request({ signal: controller.signal }), patient)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(told).toHaveLength(1);
  });

  it('is not begun anew for want of room, nor for a host that is away, which has had its tries', async () => {
    const full = createLocalTarget({ imageDirectory: workspace.images, reserveBytes: Number.MAX_SAFE_INTEGER });
    await expect(publishWithRetries(full, await request(), retrying())).rejects.toMatchObject({ code: 'NO_SPACE' });
    const connections = new SshConnections();
    const keyFile = join(workspace.root, 'key');
    await runChild({ command: 'ssh-keygen', args: ['-q', '-t', 'ed25519', '-N', '', '-f', keyFile] });
    const account = { hosts: [{ name: '127.0.0.1', port: await freePort() }], username: 'nobody', keyFile, limits: { ...TEST_LIMITS, reconnects: 1 } };
    const away = createSftpTarget({ connections, account, imageDirectory: '/images', cleanUpMs: 10 });
    await expect(publishWithRetries(away, await request(), retrying())).rejects.toMatchObject({ code: 'DELIVERY_FAILED', retryable: true });
    await connections.close();
    expect(told).toEqual([]);
  });
});
