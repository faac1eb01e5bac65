import { once } from 'node:events';
import { mkdirSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { probeTools } from '../../src/rootfs/index.js';
import type { Site } from './gateway.js';

/** An imagegw-squash that says that this command was started (by a file beside it) and then does nothing. */
export async function stuckAt(site: Site, command: string): Promise<string> {
  const { squash } = await probeTools();
  const own = join(site.directory, `stuck-${command}`);
  mkdirSync(own);
  const [path, held] = [join(own, 'imagegw-squash'), join(own, 'held')];
  writeFileSync(path, `#!/bin/sh\n[ "$1" = ${command} ] || exec ${squash.path} "$@"\n: > ${held}\nexec tail -f ${held}\n`, { mode: 0o755 });
  return path;
}

/** An imagegw-squash whose runs of this command wait until the test lets them go. */
export async function waitingAt(site: Site, command: string): Promise<{ readonly path: string; readonly begun: Promise<unknown>; go(): void }> {
  const { squash } = await probeTools();
  const own = join(site.directory, `waiting-${command}`);
  mkdirSync(own);
  const [path, held, gone] = [join(own, 'imagegw-squash'), join(own, 'held'), join(own, 'gone')];
  const wait = `: > ${held}; until [ -e ${gone} ]; do sleep 0.05; done`;
  writeFileSync(path, `#!/bin/sh\n[ "$1" != ${command} ] || { ${wait}; }\nexec ${squash.path} "$@"\n`, { mode: 0o755 });
  const watcher = watch(own);
  return { path, begun: once(watcher, 'change').finally(() => watcher.close()), go: () => writeFileSync(gone, '') };
}
