/**
 * A real system: Debian by its own bootstrap, then apt in two layers that install, upgrade the databases, purge and
 * remove; built by buildah. What we make of it against umoci's tree. Needs root and a Debian mirror.
 */
import { expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { runChild } from '../../src/lib/child.js';
import { buildahIn } from '../support/buildah.js';
import { differences, inScratch, layersOf, snapshot, umociUnpack, unsquash } from '../support/images.js';
import { convert } from './convert.js';

const INSTALL = 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-minimal less >/dev/null 2>&1';
const CHANGE = [
  'DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq less >/dev/null 2>&1',
  'rm -rf /usr/share/doc /var/lib/apt/lists /usr/share/man',
  'mkdir /usr/share/doc && echo new > /usr/share/doc/only',
  'ln /usr/bin/python3.11 /opt/python && ln -s /opt /usr/local/opt',
  'mv /etc/debian_version /etc/version && ln -s version /etc/debian_version',
  'chmod 700 /root && chown 1000:1000 /srv && chmod u+s /usr/bin/env',
  'rm /bin/less 2>/dev/null || true',
].join(' && ');

const isRoot = process.getuid?.() === 0;

(isRoot ? it : it.skip)('a system of packages, installed and purged in layers, equals what umoci unpacks (needs root)', async () => {
  await inScratch(async (directory) => {
    const buildah = await buildahIn(directory);
    const base = join(directory, 'base.tar');
    await runChild({ command: 'mmdebstrap', args: ['--quiet', '--variant=apt', 'bookworm', base] });
    let container = await buildah('from', 'scratch');
    await buildah('add', '--quiet', container, base, '/');
    await buildah('commit', '--quiet', container, 'localhost/base');
    for (const [script, from, to] of [
      [INSTALL, 'localhost/base', 'localhost/installed'],
      [CHANGE, 'localhost/installed', 'localhost/changed'],
    ] as const) {
      container = await buildah('from', from);
      await buildah('run', container, '--', 'sh', '-c', script);
      await buildah('commit', '--quiet', container, to);
    }
    const layout = join(directory, 'layout');
    await buildah('push', '--quiet', '--compression-level', '1', 'localhost/changed', `oci:${layout}:t`);

    const layers = layersOf(layout);
    expect(layers).toHaveLength(3);
    const { product } = await convert(layers, directory);
    const ours = snapshot(await unsquash(product.path, join(directory, 'ours')), { owners: true });
    const theirs = snapshot(await umociUnpack(layout, join(directory, 'bundle')), { owners: true });
    expect(differences(ours, theirs)).toEqual([]);
    expect(ours.size).toBeGreaterThan(3000);
    // The system works, and what was removed is not there.
    expect(execFileSync('chroot', [join(directory, 'ours'), 'python3', '-c', 'print(6 * 7)'], { encoding: 'utf8' })).toBe('42\n');
    expect(ours.has('usr/share/man')).toBe(false);
    expect([...ours.keys()].filter((path) => path.startsWith('usr/share/doc/'))).toEqual(['usr/share/doc/only']);
  });
}, 900_000);
