import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../src/lib/errors.js';
import { formatReference, parseReference, referenceNames, registrySettings } from '../../src/registry/index.js';

const names = {
  defaultRegistry: 'index.docker.io',
  registries: ['index.docker.io', 'local', 'reg.example.org:5000', 'localhost:5000', '[::1]:5000', 'docker:5000', 'docker'],
};
const hex = 'a'.repeat(64);
const canonical = (text: string): string => formatReference(parseReference(text, names));

test.each([
  ['alpine', 'index.docker.io/library/alpine:latest'],
  ['docker.io/alpine', 'index.docker.io/library/alpine:latest'],
  ['registry-1.docker.io/library/alpine:latest', 'index.docker.io/library/alpine:latest'],
  ['docker:alpine:3', 'index.docker.io/library/alpine:3'],
  ['docker://docker.io/team/app', 'index.docker.io/team/app:latest'],
  ['local/alpine:3', 'local/alpine:3'],
  ['reg.example.org:5000/a/b', 'reg.example.org:5000/a/b:latest'],
  ['localhost:5000/a', 'localhost:5000/a:latest'],
  ['[::1]:5000/a', '[::1]:5000/a:latest'],
  ['docker:5000/a:1', 'docker:5000/a:1'],
  ['docker:docker:5000/a:1', 'docker:5000/a:1'],
  ['docker://docker:5000/a:1', 'docker:5000/a:1'],
  ['docker:5001/a', 'index.docker.io/5001/a:latest'],
  ['docker:5000', 'index.docker.io/library/5000:latest'],
  ['docker/a', 'docker/a:latest'],
  ['registry.hub.docker.com/alpine', 'index.docker.io/library/alpine:latest'],
  [`alpine@sha256:${hex}`, `index.docker.io/library/alpine@sha256:${hex}`],
  [`alpine:3@sha256:${hex}`, `index.docker.io/library/alpine:3@sha256:${hex}`],
])('%s is %s', (text, expected) => {
  expect(canonical(text)).toBe(expected);
});

describe('Docker Hub under a name of the site', () => {
  const hub = { defaultRegistry: 'local', registries: ['local', 'hub'], dockerHub: ['hub'] };
  test.each(['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com', 'Docker.IO', 'hub'])('%s names it', (alias) => {
    for (const text of [`${alias}/alpine`, `${alias}/library/alpine:latest`, `docker://${alias}/alpine`])
      expect(formatReference(parseReference(text, hub))).toBe('hub/library/alpine:latest');
  });
  test('its host names need not be the default, nor be declared', () => {
    expect(formatReference(parseReference('alpine', { ...hub, defaultRegistry: 'index.docker.io' }))).toBe('hub/library/alpine:latest');
  });
  test('of several for the Hub a host name means the default one, else the one that bears such a name', () => {
    const both = { ...hub, registries: ['hub', 'index.docker.io'] };
    const named = (defaultRegistry: string): string => parseReference('docker.io/alpine', { ...both, defaultRegistry }).registry;
    expect([named('hub'), named('index.docker.io'), named('local')]).toEqual(['hub', 'index.docker.io', 'index.docker.io']);
  });
  test('is known by its address', () => {
    const registries = [registrySettings({ name: 'hub', url: 'https://registry.hub.docker.com' }), registrySettings({ name: 'local', url: 'https://r.example.org' })];
    expect(referenceNames('local', registries).dockerHub).toEqual(['hub']);
  });
});

test.each([
  '',
  ' ',
  ':',
  'a:',
  '@',
  'Alpine',
  'a//b',
  '/a',
  'a/',
  'a:b:c',
  hex,
  `a@sha256:${'A'.repeat(64)}`,
  `a@sha256:../x`,
  'a\0b',
  'a\nb',
  'x'.repeat(300),
  `a:${'t'.repeat(129)}`,
])('%j is refused', (text) => {
  expect(() => parseReference(text, names)).toThrow(expect.objectContaining({ code: 'BAD_REFERENCE' }));
});

test.each(['../../etc/passwd', 'quay.io/a', 'UPPER/a'])(
  '%s names a registry that is not configured',
  (text) => {
    expect(() => parseReference(text, names)).toThrow(expect.objectContaining({ code: 'UNKNOWN_REGISTRY' }));
  },
);

describe('properties, over many made-up inputs', () => {
  /** Mulberry32, so that a failure comes again. */
  function numbers(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  }
  const pieces = [
    'a',
    'b1',
    'A',
    '.',
    '-',
    '--',
    '_',
    '__',
    '/',
    ':',
    '@',
    'local',
    'docker',
    'docker:',
    'docker:5000',
    'docker.io',
    '//',
    '5000',
    'latest',
    `sha256:${hex}`,
    '[::1]',
    ' ',
    '\0',
    'é',
    '..',
    'index.docker.io',
    'library',
  ];

  test('parse(format(x)) is x, and nothing crashes it', () => {
    const random = numbers(20);
    let parsed = 0;
    for (let round = 0; round < 50_000; round += 1) {
      const text = Array.from(
        { length: 1 + Math.floor(random() * 8) },
        () => pieces[Math.floor(random() * pieces.length)],
      ).join('');
      try {
        const reference = parseReference(text, names);
        expect(parseReference(formatReference(reference), names)).toEqual(reference);
        parsed += 1;
      } catch (error) {
        if (!(error instanceof GatewayError) || !['BAD_REFERENCE', 'UNKNOWN_REGISTRY'].includes(error.code))
          throw error;
      }
    }
    expect(parsed).toBeGreaterThan(1000);
  });
});
