/** A download into a file of its own, and what is told of it. */
import { open } from 'node:fs/promises';
import { versionOf } from '../lib/cache-files.js';
import { download, type Download } from './download.js';
import type { AskedAt } from './image.js';
import type { Wait } from './waiting.js';

export interface BlobProgress {
  /** May fall when bytes had to be given up; what users see is a high-water mark. */
  readonly bytesDone: number;
  /** Counts up with each try. */
  readonly attempt: number;
  readonly state: 'WAITING' | 'CHECKING' | 'FETCHING' | 'RETRYING' | 'DONE';
  readonly fromCache: boolean;
  /** Set while the registry makes us wait. */
  readonly waiting?: Wait;
  /** Who sent the last of it. */
  readonly servedBy?: AskedAt;
}

export interface FileDownload extends Pick<
  Download,
  'digest' | 'size' | 'source' | 'path' | 'limits' | 'signal'
> {
  /** Called before the first byte is asked for. The file has its length by then, so that whoever makes room counts it. */
  readonly onOpen: () => Promise<void>;
}

/**
 * @returns the version of the file, which has the blob's bytes.
 * @throws as `download`, and what the disk says.
 */
export async function downloadFile(
  job: FileDownload,
  report: (progress: BlobProgress) => void,
): Promise<string> {
  let progress: BlobProgress = { bytesDone: 0, attempt: 1, state: 'FETCHING', fromCache: false };
  const update = (change: Partial<BlobProgress>): void => {
    progress = { ...progress, ...change };
    report(progress);
  };
  const file = await open(job.path, 'wx+', 0o600);
  try {
    await file.truncate(job.size);
    await job.onOpen();
    update({});
    await download({
      ...job,
      async source(range) {
        const blob = await job.source(range);
        if (blob.askedAt !== undefined) update({ servedBy: blob.askedAt });
        return blob;
      },
      file,
      onBytes(bytes) {
        // What comes ends a wait.
        progress = {
          bytesDone: progress.bytesDone + bytes,
          attempt: progress.attempt,
          state: bytes > 0 ? 'FETCHING' : progress.state,
          fromCache: false,
          ...(progress.servedBy === undefined ? {} : { servedBy: progress.servedBy }),
        };
        report(progress);
      },
      onRetry: () => update({ attempt: progress.attempt + 1, state: 'RETRYING' }),
      onWait: (waiting) => update({ waiting }),
    });
    return versionOf(await file.stat());
  } finally {
    await file.close();
  }
}
