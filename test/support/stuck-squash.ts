import { mkdirSync, writeFileSync } from 'node:fs';
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
