import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkConfig, findingLine, loadConfig } from '../../src/config/index.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'imagegw-config-'));
  writeFileSync(join(directory, 'local.crt'), '');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function site(changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    Platforms: { cori: { accesstype: 'local', local: { imageDir: '/images' }, admins: ['root'] } },
    Locations: {
      'index.docker.io': { remotetype: 'dockerv2', authentication: 'http' },
      local: {
        remotetype: 'dockerv2',
        url: 'https://localhost:5000',
        authentication: 'http',
        sslcacert: 'local.crt',
      },
    },
    DefaultImageLocation: 'index.docker.io',
    DefaultImageFormat: 'squashfs',
    CacheDirectory: '/cache',
    ExpandDirectory: '/expand',
    ImageExpirationTimeout: '90:00:00:00',
    MongoDB: 'Shifter',
    Authentication: 'none',
    ...changes,
  });
}

describe('a file of an existing site', () => {
  it('works, with its certificate beside it', () => {
    const file = join(directory, 'imagemanager.json');
    writeFileSync(file, site());
    const { config } = loadConfig({ file, environment: {} });
    expect(config.registries.find(({ name }) => name === 'local')).toMatchObject({
      url: 'https://localhost:5000',
      caFile: join(directory, 'local.crt'),
    });
    expect(config.systems).toMatchObject([
      { name: 'cori', access: 'local', imageDirectory: '/images', admins: ['root'] },
    ]);
    expect(config.imageExpirationMs).toBe(90 * 24 * 3600 * 1000);
  });

  it.each(['munge', 'jwt', 'token', undefined])(
    'with Authentication %s is refused, with what to write',
    (Authentication) => {
      const { problems } = checkConfig(site({ Authentication }), join(directory, 'imagemanager.json'));
      expect(problems.map(findingLine).join('\n')).toMatch(/Authentication.*none/s);
    },
  );

  it('shows all that is wrong at once, with what was meant', () => {
    const text = site({ CacheDirectory: 7, DefaultImageLocation: 'nowhere', WorkerThread: 3 });
    const { problems, warnings } = checkConfig(text, join(directory, 'imagemanager.json'));
    expect(problems.map(({ path }) => path).sort()).toEqual(['CacheDirectory', 'DefaultImageLocation']);
    expect(warnings).toContainEqual(
      expect.objectContaining({ path: 'WorkerThread', suggestion: 'WorkerThreads' }),
    );
  });
});
