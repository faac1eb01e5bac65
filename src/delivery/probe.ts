/**
 * Tries on a system what publishing needs, step by step, with a file that lasts no longer than the trial. Its names are
 * those of files on their way, so that what a dead worker leaves of it is found and removed as theirs is.
 */
import { GatewayError } from '../lib/errors.js';
import { temporaryNames } from './names.js';
import type { Target } from './target.js';

export const PROBE_STEPS = ['CONNECT', 'LIST', 'ROOM', 'WRITE', 'READ', 'RENAME', 'SIDECAR', 'SYNC', 'REMOVE'] as const;
export type ProbeStep = (typeof PROBE_STEPS)[number];

export interface ProbeRequest {
  /** Unlike that of any pull or other trial: letters, digits, `_` and `-`. */
  readonly id: string;
  /** A local file to write there. */
  readonly path: string;
  readonly size: number;
  readonly signal: AbortSignal;
}

export interface ProbeReport {
  readonly steps: readonly {
    readonly step: ProbeStep;
    readonly durationMs: number;
    /** What is wrong, and what to do; null when nothing is. */
    readonly problem: string | null;
  }[];
  /** Room that the gateway may use; null when it could not be measured. */
  readonly freeBytes: number | null;
  /** Null when the step failed. Writing ends with fsync; reading may come from a cache of the system. */
  readonly writeBytesPerSecond: number | null;
  readonly readBytesPerSecond: number | null;
}

/** Steps without which the others have no meaning. */
const NEEDED: ReadonlySet<ProbeStep> = new Set(['CONNECT', 'WRITE']);

/**
 * Goes on after a step that failed where the next ones still say something.
 * @throws the reason of the signal; never for what is wrong with the system.
 */
export async function probeTarget(place: Target, { id, path, size, signal }: ProbeRequest): Promise<ProbeReport> {
  const target = place.until(signal, place.cleanUpMs);
  const { image: first, sidecar } = temporaryNames('0'.repeat(64), id);
  const { image: second } = temporaryNames('f'.repeat(64), id);
  const steps: ProbeReport['steps'][number][] = [];
  let freeBytes: number | null = null;
  const doing: Readonly<Record<ProbeStep, () => Promise<unknown>>> = {
    CONNECT: () => target.stat(first),
    LIST: () => target.list('.'),
    ROOM: async () => {
      freeBytes = (await target.room()).freeBytes;
      const need = size + target.reserveBytes;
      if (freeBytes < need) throw new GatewayError('NO_SPACE', `There are ${String(freeBytes)} bytes free, and ${String(need)} are needed to try it, what has to stay free included. Free some.`);
    },
    WRITE: () => target.writeFile(first, path, size, { signal, offset: 0 }),
    READ: () => target.digest(first, signal),
    RENAME: async () => {
      // Onto a file that is there, as an image that is published again is.
      await target.writeText(second, 'old');
      await target.rename(first, second);
    },
    SIDECAR: async () => {
      await target.makeSidecarFolder();
      await target.writeText(sidecar, '{}');
      await target.remove(sidecar);
      await target.syncFolder('.imagegw');
    },
    SYNC: () => target.syncFolder('.'),
    REMOVE: async () => {
      await target.remove(first);
      await target.remove(second);
    },
  };
  for (const step of PROBE_STEPS) {
    const begun = performance.now();
    const problem = await doing[step]().then(
      () => null,
      (error: unknown) => {
        signal.throwIfAborted();
        if (error instanceof GatewayError && error.code !== 'INTERNAL') return error.message;
        throw error;
      },
    );
    steps.push({ step, durationMs: performance.now() - begun, problem });
    if (problem === null || !NEEDED.has(step)) continue;
    // What was begun must not stay; that it can't be removed either was said by the write already.
    if (step === 'WRITE') await target.remove(first).catch(() => {});
    break;
  }
  const speedOf = (name: ProbeStep): number | null => {
    const found = steps.find(({ step }) => step === name);
    return found === undefined || found.problem !== null ? null : (size / Math.max(found.durationMs, 0.001)) * 1000;
  };
  return { steps, freeBytes, writeBytesPerSecond: speedOf('WRITE'), readBytesPerSecond: speedOf('READ') };
}
