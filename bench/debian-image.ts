/**
 * A realistic image, built from Debian packages with Debian's own tools: a system, scientific Python, compilers, and an
 * application with a removal on top, in four gzip layers. An OCI layout, tagged `1`.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runChild } from '../src/lib/child.js';

export interface ImageSize {
  readonly name: string;
  /** Packages of each layer, with all that they need. A package goes into the first layer that has it. */
  readonly layers: readonly (readonly string[])[];
}

export const SMALL: ImageSize = { name: 'small', layers: [['bash', 'coreutils'], ['python3-minimal']] };
export const MEDIUM: ImageSize = {
  name: 'medium',
  layers: [['bash', 'coreutils'], ['python3-numpy'], ['perl', 'git']],
};
export const LARGE: ImageSize = {
  name: 'large',
  layers: [
    ['bash', 'coreutils', 'ca-certificates'],
    [
      'python3-scipy',
      'python3-pandas',
      'python3-matplotlib',
      'python3-sklearn',
      'python3-skimage',
      'python3-sympy',
    ],
    ['g++', 'gfortran', 'cmake', 'git', 'perl'],
  ],
};

/** @throws Error when there is no such size */
export function sizeNamed(name: string): ImageSize {
  const sizes = [SMALL, MEDIUM, LARGE];
  const found = sizes.find((size) => size.name === name);
  if (found === undefined) throw new Error(`There is no image of size "${name}": ${sizes.map((size) => size.name).join(', ')}.`);
  return found;
}

const run = (command: string, ...args: string[]): Promise<string> =>
  runChild({ command, args, maxBytes: 1 << 26 });

/** Needs apt's package lists and a way to Debian's mirror. */
export async function buildDebianImage(directory: string, { layers }: ImageSize): Promise<string> {
  const packages = join(directory, 'packages');
  const layout = join(directory, 'layout');
  await mkdir(join(packages, 'partial'), { recursive: true });
  const status = join(directory, 'status');
  await writeFile(status, '');
  await run('umoci', 'init', '--layout', layout);
  await run('umoci', 'new', '--image', `${layout}:1`);
  const seen = new Set<string>();
  for (const [number, names] of layers.entries()) {
    const root = join(directory, `layer${String(number)}`);
    await mkdir(root);
    const options = [
      `Dir::State::status=${status}`,
      `Dir::Cache::archives=${packages}`,
      'APT::Sandbox::User=root',
    ];
    await run(
      'apt-get',
      '-y',
      '-qq',
      '--no-install-recommends',
      '--download-only',
      ...options.flatMap((option) => ['-o', option]),
      'install',
      ...names,
    );
    for (const file of (await readdir(packages)).sort()) {
      if (!file.endsWith('.deb') || seen.has(file)) continue;
      seen.add(file);
      await run('dpkg', '-x', join(packages, file), root);
    }
    await addLayer(layout, root, directory);
  }
  const top = join(directory, 'top');
  await mkdir(join(top, 'opt/app'), { recursive: true });
  await mkdir(join(top, 'usr/share'), { recursive: true });
  for (let i = 1; i <= 200; i++)
    await writeFile(join(top, 'opt/app', `data${String(i)}`), randomBytes(i * 997));
  await writeFile(join(top, 'usr/share/.wh.doc'), '');
  await addLayer(layout, top, directory);
  await rm(packages, { recursive: true });
  return layout;
}

async function addLayer(layout: string, root: string, directory: string): Promise<void> {
  const tar = join(directory, 'layer.tar');
  await run('tar', '--sort=name', '--numeric-owner', '--owner=0', '--group=0', '-C', root, '-cf', tar, ...(await readdir(root)).sort());
  await run('umoci', 'raw', 'add-layer', '--image', `${layout}:1`, tar);
  await rm(tar);
  await rm(root, { recursive: true });
}
