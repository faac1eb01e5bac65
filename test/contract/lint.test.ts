import { it } from '@jest/globals';
import { startChild } from '../../src/lib/child.js';
import { text } from 'node:stream/consumers';

const root = new URL('../../', import.meta.url).pathname;

// Half a minute the first time; what has not changed is remembered.
it('code and contract pass the lint, and the rooms import what they may', async () => {
  const eslint = startChild({
    command: process.execPath,
    args: [
      `${root}node_modules/eslint/bin/eslint.js`,
      ...['--cache', '--cache-location', '.cache/eslint/'],
      ...['src', 'test', 'bench', 'schema.graphql'],
    ],
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdout: 'pipe',
  });
  const findings = await text(eslint.stdout!);
  await eslint.done.catch((error: unknown) => {
    throw new Error(findings, { cause: error });
  });
}, 300_000);
