/**
 * The subscribers' side of progress, one for each API process: a single Redis connection for all of them.
 *
 * Listen, then read, then send: the channel's acknowledgement comes before the present state is read, so that no
 * change falls between the two. The state is read again after Redis has been away (pub/sub drops what happens
 * meanwhile) and slowly all the time (a worker that has died sends no last word).
 */
import type { Redis } from 'ioredis';
import { GatewayError } from '../../lib/errors.js';
import { isTerminal, type PullSnapshot } from '../../models/pull-records.js';
import { NewestStream } from './newest-stream.js';
import { decodeMessage, progressChannel } from './progress-store.js';

interface Sink {
  readonly stream: NewestStream<PullSnapshot>;
  sequence: number;
}

interface Topic {
  readonly id: string;
  readonly sinks: Set<Sink>;
  readonly acknowledged: Promise<unknown>;
}

export interface ProgressHubOptions {
  /** A connection that is used for nothing else. */
  readonly subscriber: Redis;
  readonly prefix: string;
  /** The present state: live from Redis or, once it has ended, from the index. */
  readonly read: (id: string) => Promise<PullSnapshot | undefined>;
  /** How often the state is read again although nothing was said, in ms. */
  readonly rereadMs: number;
  readonly onError: (error: unknown) => void;
}

export class ProgressHub {
  readonly #options: ProgressHubOptions;
  readonly #topics = new Map<string, Topic>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: ProgressHubOptions) {
    this.#options = options;
    options.subscriber.on('message', (channel: string, message: string) => this.#onMessage(channel, message));
    options.subscriber.on('ready', () => this.#rereadAll());
    this.#timer = setInterval(() => this.#rereadAll(), options.rereadMs);
    this.#timer.unref();
  }

  /** Channels that are listened to now; 0 when no client watches. */
  get channelCount(): number {
    return this.#topics.size;
  }

  /**
   * The states of a pull: the present one first, the terminal one last.
   *
   * @throws GatewayError NOT_FOUND through the first `next()` when there is no such pull.
   */
  watch(id: string): AsyncIterableIterator<PullSnapshot> {
    const channel = progressChannel(this.#options.prefix, id);
    const sink: Sink = { stream: new NewestStream(() => this.#leave(channel, sink)), sequence: 0 };
    const topic = this.#topics.get(channel) ?? this.#open(channel, id);
    topic.sinks.add(sink);
    void this.#begin(topic, sink);
    return sink.stream;
  }

  /** Ends every stream; clients connect again elsewhere and resume. */
  close(): void {
    clearInterval(this.#timer);
    for (const topic of [...this.#topics.values()]) for (const sink of [...topic.sinks]) sink.stream.end();
  }

  #open(channel: string, id: string): Topic {
    const topic: Topic = { id, sinks: new Set(), acknowledged: this.#options.subscriber.subscribe(channel) };
    this.#topics.set(channel, topic);
    return topic;
  }

  async #begin(topic: Topic, sink: Sink): Promise<void> {
    try {
      await topic.acknowledged;
      const snapshot = await this.#options.read(topic.id);
      if (snapshot === undefined) throw new GatewayError('NOT_FOUND', `There is no pull ${topic.id}; it may have been pruned.`);
      send(sink, snapshot);
    } catch (error) {
      sink.stream.fail(error);
    }
  }

  #onMessage(channel: string, message: string): void {
    const topic = this.#topics.get(channel);
    if (topic === undefined) return;
    const snapshot = decodeMessage(message);
    if (snapshot !== undefined) for (const sink of [...topic.sinks]) send(sink, snapshot);
  }

  #rereadAll(): void {
    for (const topic of this.#topics.values()) {
      this.#options.read(topic.id).then((snapshot) => {
        if (snapshot !== undefined) for (const sink of [...topic.sinks]) send(sink, snapshot);
      }, this.#options.onError);
    }
  }

  #leave(channel: string, sink: Sink): void {
    const topic = this.#topics.get(channel);
    if (topic === undefined) return;
    topic.sinks.delete(sink);
    if (topic.sinks.size > 0) return;
    this.#topics.delete(channel);
    this.#options.subscriber.unsubscribe(channel).catch(this.#options.onError);
  }
}

function send(sink: Sink, snapshot: PullSnapshot): void {
  // The first state always goes out; a sequence of 0 is below any that exists.
  if (snapshot.sequence <= sink.sequence) return;
  sink.sequence = snapshot.sequence;
  sink.stream.offer(snapshot);
  if (isTerminal(snapshot.state)) sink.stream.end();
}
