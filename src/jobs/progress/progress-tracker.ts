/**
 * What one worker says of one pull. Changes are collected and published whole, at most so many a second; a change of
 * state or stage goes out at once. `bytesDone` never falls, neither within an attempt nor over a take-over.
 *
 * Progress is told, never waited for: while Redis is away the newest state waits here and goes out when it is back.
 */
import type { Digest } from '../../lib/digest.js';
import type { ContentSource, LayerSnapshot, LayerState, PullSnapshot, PullStage, PullState, RegistryIdentity } from '../../models/pull-records.js';
import type { ProgressStore } from './progress-store.js';

export interface LayerChange {
  readonly state?: LayerState;
  readonly bytesDone?: number;
  readonly fromCache?: boolean;
  readonly attempt?: number;
  readonly waitingFor?: string | null;
  readonly servedBy?: ContentSource;
}

export interface TrackerOptions {
  readonly store: ProgressStore;
  /** Where this attempt begins: the live state of the attempt before it, or the record in the index. */
  readonly start: PullSnapshot;
  /** Publishes at most this often a second, but for changes of state and stage. */
  readonly eventsPerSecond: number;
  readonly onError: (error: unknown) => void;
}

export class ProgressTracker {
  readonly #store: ProgressStore;
  readonly #intervalMs: number;
  readonly #onError: (error: unknown) => void;
  #snapshot: PullSnapshot;
  #timer: NodeJS.Timeout | undefined;
  #lastPublished = 0;
  /** What is to go out, in order: one state of each stage. */
  readonly #waiting: PullSnapshot[] = [];
  #publishing: Promise<void> | undefined;
  #closed = false;
  /** Bytes that count in total and done, of layers that a tag which has moved since the last attempt does not name any more. */
  #bytesLeftBehind = 0;

  constructor(options: TrackerOptions) {
    this.#store = options.store;
    this.#intervalMs = 1000 / options.eventsPerSecond;
    this.#onError = options.onError;
    this.#snapshot = options.start;
  }

  get snapshot(): PullSnapshot {
    return this.#snapshot;
  }

  /** Enters a state and stage; published at once. */
  enter(state: PullState, stage: PullStage, message: string | null = null): void {
    this.#snapshot = { ...this.#snapshot, state, stage, message };
    this.#publishNow();
  }

  /** Says in words what the pull waits for or does. */
  say(message: string | null): void {
    if (message !== this.#snapshot.message) this.#change({ message });
  }

  /**
   * Names the layers, once the manifest is read. Marks of an earlier attempt are kept for layers that are still the
   * same, and what was here of others stays counted, so that nothing falls when a worker takes over.
   */
  setLayers(layers: readonly { readonly digest: Digest; readonly size: number }[]): void {
    const before = new Map(this.#snapshot.layers.map((layer) => [layer.digest, layer]));
    const named = layers.map(({ digest, size }): LayerSnapshot => ({
      digest,
      size,
      state: 'WAITING',
      bytesDone: before.get(digest)?.bytesDone ?? 0,
      fromCache: false,
      attempt: before.get(digest)?.attempt ?? 0,
      waitingFor: null,
      servedBy: before.get(digest)?.servedBy ?? null,
    }));
    this.#bytesLeftBehind = Math.max(0, named.reduce((bytes, { bytesDone }) => bytes - bytesDone, this.#snapshot.bytesDone));
    this.#setLayers(named);
  }

  /** Changes one layer (every place where this digest stands). */
  layer(digest: Digest, change: LayerChange): void {
    this.#setLayers(
      this.#snapshot.layers.map((layer) =>
        layer.digest === digest ? { ...layer, ...change, bytesDone: Math.min(layer.size, Math.max(layer.bytesDone, change.bytesDone ?? 0)) } : layer,
      ),
    );
  }

  /** As whom the registry is read. */
  readAs(identity: RegistryIdentity): void {
    this.#change({ identity });
  }

  /** Bytes written to the system. */
  delivered(bytes: number): void {
    this.#change({ bytesDelivered: Math.max(this.#snapshot.bytesDelivered ?? 0, bytes) });
  }

  /** Publishes the last state and waits until it is out (or Redis has refused it). */
  async close(final: PullSnapshot): Promise<void> {
    clearTimeout(this.#timer);
    this.#closed = true;
    await this.#publishing;
    this.#snapshot = { ...final, sequence: this.#snapshot.sequence };
    await this.#publish(this.#snapshot);
  }

  /** Stops without a last word: another worker speaks for this pull now. */
  abandon(): void {
    clearTimeout(this.#timer);
    this.#closed = true;
    this.#waiting.length = 0;
  }

  #setLayers(layers: readonly LayerSnapshot[]): void {
    let bytesTotal = this.#bytesLeftBehind;
    let bytesDone = this.#bytesLeftBehind;
    for (const layer of layers) {
      bytesTotal += layer.size;
      bytesDone += layer.bytesDone;
    }
    this.#change({ layers, bytesTotal, bytesDone });
  }

  #change(change: Partial<PullSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    if (this.#closed || this.#timer !== undefined) return;
    const wait = this.#lastPublished + this.#intervalMs - Date.now();
    if (wait <= 0) this.#publishNow();
    else this.#timer = setTimeout(() => this.#publishNow(), wait);
  }

  #publishNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#closed) return;
    this.#lastPublished = Date.now();
    const last = this.#waiting.at(-1);
    // A newer state of the same stage makes the older one superfluous; so what waits for a slow Redis stays short.
    if (last?.state === this.#snapshot.state && last.stage === this.#snapshot.stage) this.#waiting.pop();
    this.#waiting.push(this.#snapshot);
    this.#publishing ??= this.#publishWaiting().finally(() => {
      this.#publishing = undefined;
    });
  }

  async #publishWaiting(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await this.#publish(next);
  }

  async #publish(snapshot: PullSnapshot): Promise<void> {
    try {
      const sequence = await this.#store.publish({ ...snapshot, sequence: this.#snapshot.sequence });
      if (sequence > 0) this.#snapshot = { ...this.#snapshot, sequence };
    } catch (error) {
      this.#onError(error);
      // Whole states: the next one that gets through makes up for this one.
      if (!this.#closed) this.#timer ??= setTimeout(() => this.#publishNow(), this.#intervalMs);
    }
  }
}
