/** The `Locations` of a Shifter site, as they are: a registry with TLS whose authority lies beside the configuration. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import type { RunningGateway } from '../../src/gateway.js';
import { runChild } from '../../src/lib/child.js';
import { createAuthority } from '../support/certificates.js';
import { startDockerRegistry, type DockerRegistry } from '../support/docker-registry.js';
import { startFakeRegistry, type FakeRegistry } from '../support/fake-registry.js';
import { clientOf, makeSite, startInProcess, statesOf, type Site } from '../support/gateway.js';
import { inScratch, writeLayout } from '../support/images.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { tarOf } from '../support/tar.js';

let stack: TestStack;
let site: Site;
let unused: FakeRegistry;
let registry: DockerRegistry;
let gateway: RunningGateway | undefined;

beforeEach(async () => {
  stack = await startTestStack();
  unused = await startFakeRegistry();
  site = makeSite(stack, unused.url);
});
afterEach(async () => {
  await gateway?.close();
  await registry.stop();
  await unused.stop();
  await stack.stop();
  site.remove();
});

it('pulls over TLS, trusting the authority that sslcacert names relative to the file', async () => {
  await inScratch(async (directory) => {
    const authority = await createAuthority(directory);
    registry = await startDockerRegistry({ tls: await authority.issue('server') });
    writeLayout(join(directory, 'layout'), [tarOf({ name: 'etc/', type: 'directory' }, { name: 'etc/name', body: 'from the registry' })]);
    const from = `oci:${join(directory, 'layout')}:t`;
    await runChild({ command: 'skopeo', args: ['copy', '-q', '--dest-tls-verify=false', from, `docker://${registry.host}/team/app:1`] });
    copyFileSync(authority.certificate, join(site.directory, 'local.crt'));
  });
  expect(registry.url).toMatch(/^https:\/\/localhost:/);
  const { config } = site.withKeys({
    Locations: {
      'index.docker.io': { remotetype: 'dockerv2', authentication: 'http' },
      local: { remotetype: 'dockerv2', url: registry.url, authentication: 'http', sslcacert: 'local.crt' },
    },
    DefaultImageLocation: 'index.docker.io',
  });
  gateway = await startInProcess({ ...site, config }, { api: true, worker: true });
  const client = clientOf(gateway);
  const { pulls } = await client.pull({ reference: 'local/team/app:1', systems: ['one'] });
  const last = (await statesOf(client, pulls[0]!.id)).at(-1)!;
  expect(last).toMatchObject({ state: 'READY', error: null });
  expect(execFileSync('unsquashfs', ['-cat', last.image!.path, 'etc/name'], { encoding: 'utf8' })).toBe('from the registry');
});
