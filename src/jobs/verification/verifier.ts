/**
 * A worker's part in verifications: takes those that were asked for or are due, one after the other, and tells how far
 * it is. It needs no slot of the pool, because it mostly waits for its turn to read.
 */
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { abortReason, GatewayError, messageOf } from '../../lib/errors.js';
import type { Logger } from '../../lib/log.js';
import { persistently } from '../../models/database.js';
import { NOTHING_VERIFIED, type VerificationProgress, type VerificationRecord } from '../../models/system-records.js';
import type { VerificationStore } from '../../models/verification-store.js';
import { startWorkLoop } from '../work-loop.js';

export interface VerifierOptions {
  readonly store: VerificationStore;
  /** Names of the systems that this worker serves. */
  readonly systems: () => readonly string[];
  readonly verify: (system: string, repairs: boolean, signal: AbortSignal, onProgress: (progress: VerificationProgress) => void) => Promise<VerificationProgress>;
  readonly worker: string;
  /** A worker that is silent for so long (ms) has lost the verification to another. */
  readonly leaseMs: number;
  /** How often the index is looked at although nobody said that there is work (ms). */
  readonly pollMs: number;
  /** How often each system is verified unasked (ms); absent: never. */
  readonly intervalMs?: number | undefined;
  /** Says that there is work. */
  readonly subscriber: Redis;
  readonly channel: string;
  readonly indexRetryMs: number;
  readonly log: Logger;
}

/** Works until it is stopped; what it has in hand then is left to others. */
export function startVerifier(options: VerifierOptions): { stop(): Promise<void> } {
  const { store, log } = options;
  const { systems, pollMs, subscriber, channel } = options;
  return startWorkLoop({ systems, pollMs, subscriber, channel, log, serve });

  async function serve(system: string, stopping: AbortSignal): Promise<void> {
    let known = await store.get(system);
    const before = options.intervalMs === undefined ? undefined : new Date(Date.now() - options.intervalMs);
    if (before !== undefined && isDue(known, before)) known = await store.request(system, true, before);
    if (known === undefined || hasEnded(known)) return;
    const lease = randomUUID();
    const record = await store.claim(system, options.worker, lease, leaseEnd());
    if (record !== undefined) await work(record, lease, stopping);
  }

  async function work({ _id: system, repairs }: VerificationRecord, lease: string, stopping: AbortSignal): Promise<void> {
    const lost = new AbortController();
    const signal = AbortSignal.any([stopping, lost.signal]);
    let progress: VerificationProgress = NOTHING_VERIFIED;
    let saving = Promise.resolve();
    // While the index is away nobody else can take it either.
    const save = (): Promise<void> =>
      store.save(system, lease, leaseEnd(), progress).then(
        (ours) => (ours ? undefined : lost.abort(new GatewayError('CONFLICT', 'Another worker goes on with this verification.'))),
        (error: unknown) => log.debug({ err: error, system }, 'a verification could not say how far it is'),
      );
    const timer = setInterval(() => {
      saving = saving.then(save);
    }, options.leaseMs / 3);
    log.info({ system }, 'verification begun');
    let failure: VerificationRecord['error'] = null;
    try {
      progress = await options.verify(system, repairs, signal, (now) => {
        progress = now;
      });
      if (signal.aborted) throw abortReason(signal);
    } catch (error) {
      if (!signal.aborted) {
        log.warn({ err: error, system }, 'verification failed');
        failure = failureOf(error);
      }
    } finally {
      clearInterval(timer);
      await saving;
    }
    if (lost.signal.aborted) return;
    if (stopping.aborted) return store.handBack(system, lease);
    await persistently(() => store.finish(system, lease, progress, failure), options.indexRetryMs);
    log.info({ system, images: progress.imageCount, findings: progress.findingCount }, 'verification ended');
  }

  function leaseEnd(): Date {
    return new Date(Date.now() + options.leaseMs);
  }
}

function hasEnded({ state }: VerificationRecord): boolean {
  return state === 'DONE' || state === 'FAILED';
}

function isDue(known: VerificationRecord | undefined, before: Date): boolean {
  return known === undefined || (hasEnded(known) && known.requestedAt < before);
}

function failureOf(error: unknown): NonNullable<VerificationRecord['error']> {
  if (error instanceof GatewayError && error.code !== 'INTERNAL') return { code: error.code, message: messageOf(error) };
  return { code: 'INTERNAL', message: 'A fault of the gateway ended the verification; its log has the details.' };
}
