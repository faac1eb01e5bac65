import type { FileHandle } from 'node:fs/promises';
import { GatewayError } from '../lib/errors.js';
import type { ArchiveFiles, Extent } from './archive-files.js';
import { openBeneath, shown, type ImportingUser, type OpenedPath } from './open-beneath.js';

/** Files below an open directory, each opened without following links and checked for its owner. */
export function directoryFiles(path: string, { handle, isOpenToAll }: OpenedPath, user: ImportingUser): ArchiveFiles {
  const opened = new Map<string, Promise<Extent | undefined>>();
  const handles: FileHandle[] = [handle];

  async function find(name: string): Promise<Extent | undefined> {
    const components = name.split('/');
    const temporary: FileHandle[] = [];
    let directory = handle;
    let isWayOpen = isOpenToAll;
    try {
      for (const component of components.slice(0, -1)) {
        const next = await openBeneath(directory, component, `${path}/${name}`, user, isWayOpen);
        temporary.push(next.handle);
        if (next.kind !== 'directory') throw new GatewayError('BAD_MANIFEST', `${shown(path)}/${shown(component)} is no directory.`);
        directory = next.handle;
        isWayOpen = next.isOpenToAll;
      }
      const file = await openBeneath(directory, components.at(-1) ?? '', `${path}/${name}`, user, isWayOpen);
      if (file.kind !== 'file') {
        temporary.push(file.handle);
        throw new GatewayError('BAD_MANIFEST', `${shown(path)}/${shown(name)} is no file.`);
      }
      handles.push(file.handle);
      return { handle: file.handle, start: 0, size: file.size };
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    } finally {
      for (const one of temporary) await one.close();
    }
  }

  return {
    find(name) {
      const known = opened.get(name) ?? find(name);
      opened.set(name, known);
      return known;
    },
    async close() {
      for (const one of handles.splice(0)) await one.close();
    },
  };
}
