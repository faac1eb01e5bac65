import { GatewayError } from '../lib/errors.js';
import { directoryFiles } from './directory-files.js';
import { isDockerArchive, readDockerArchive } from './docker.js';
import { isLayout, readLayout } from './oci.js';
import { openImportPath, shown, type ImportingUser } from './open-beneath.js';
import type { ArchiveFiles } from './archive-files.js';
import { badArchive, type ImageSource, type ReadOptions } from './source.js';
import { isSquashfs, readSquashfsFile } from './squashfs.js';
import { looksLikeTar, tarFiles, type TarFilesLimits } from './tar-files.js';

export interface OpenSourceOptions extends ReadOptions {
  readonly path: string;
  /** Directories that imports may come from. */
  readonly roots: readonly string[];
  readonly user: ImportingUser;
  readonly archive: TarFilesLimits;
  /** Asked before a squashfs is read any further. @throws GatewayError when the user may not import one. */
  readonly checkSquashfs: () => void;
}

/**
 * Opens what lies at a path, finds out what it is, and reads it up to its last layer. The caller closes it.
 *
 * @throws GatewayError as `openImportPath` and the readers; BAD_USER_INPUT for what is neither archive nor squashfs.
 */
export async function openSource(options: OpenSourceOptions): Promise<ImageSource> {
  const { path, signal } = options;
  const opened = await openImportPath(path, options.roots, options.user);
  let files: ArchiveFiles | undefined;
  try {
    if (opened.kind === 'directory') {
      files = directoryFiles(path, opened, options.user);
      if (!(await isLayout(files))) throw new GatewayError('BAD_USER_INPUT', `${shown(path)} is a directory and no OCI layout: it has no file "oci-layout".`);
      return await readLayout(files, options);
    }
    const { bytesRead, buffer } = await opened.handle.read(Buffer.alloc(4), 0, 4, 0);
    if (isSquashfs(buffer.subarray(0, bytesRead))) {
      options.checkSquashfs();
      return await readSquashfsFile(path, opened, options);
    }
    if (!(await looksLikeTar(opened.handle))) {
      throw new GatewayError('BAD_USER_INPUT', `${shown(path)} is neither a squashfs nor a docker-archive nor an OCI archive. A compressed archive is unpacked first (gunzip, unxz).`);
    }
    files = await tarFiles(path, opened, options.archive, signal);
    // Newer tools write both into one archive; the layout has the image's own manifest.
    if (await isLayout(files)) return await readLayout(files, options);
    if (await isDockerArchive(files)) return await readDockerArchive(files, options);
    throw badArchive('it is a tar, but neither an OCI layout nor a docker-archive; it has neither "oci-layout" nor "manifest.json"');
  } catch (error) {
    await (files ?? opened.handle).close();
    throw error;
  }
}
