/**
 * How fast bytes arrive: over the last seconds, so that a stall shows.
 */
import type { PullState } from '../../client/index.js';

const WINDOW_MS = 5000;
/** With less than this between two samples a rate says nothing. */
const LEAST_SPAN_MS = 1000;
/** A forecast needs more than a first guess. */
const LEAST_FORECAST_SPAN_MS = 3000;

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

class Series {
  readonly #samples: Sample[] = [];
  #startedAt: number | undefined;

  add(at: number, bytes: number): void {
    this.#startedAt ??= at;
    this.#samples.push({ at, bytes });
    this.#trim(at);
  }

  /** Bytes a second up to `now`; undefined when it has been watched for less than `leastSpanMs`. */
  rate(now: number, leastSpanMs: number): number | undefined {
    this.#trim(now);
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || this.#startedAt === undefined) return undefined;
    if (now - this.#startedAt < leastSpanMs) return undefined;
    return ((last.bytes - first.bytes) * 1000) / Math.max(1, now - first.at);
  }

  /** Keeps one sample from before the window, for the bytes that there were at its start. */
  #trim(now: number): void {
    while (this.#samples[1] !== undefined && this.#samples[1].at <= now - WINDOW_MS) this.#samples.shift();
  }
}

/** Rates of one pull. Times in milliseconds of one clock, rates in bytes a second. */
export class Rates {
  readonly #total = new Series();
  readonly #layers: Series[] = [];

  observe(pull: PullState, now: number): void {
    this.#total.add(now, fetchedBytes(pull));
    pull.layers.forEach((layer, index) => {
      if (layer.state === 'FETCHING' || layer.state === 'RETRYING') {
        (this.#layers[index] ??= new Series()).add(now, layer.bytesDone);
      }
    });
  }

  ofLayer(index: number, now: number): number | undefined {
    return this.#layers[index]?.rate(now, LEAST_SPAN_MS);
  }

  ofPull(now: number): number | undefined {
    return this.#total.rate(now, LEAST_SPAN_MS);
  }

  /** Milliseconds until every layer is here; undefined while that can't be told honestly. */
  fetchTimeLeft(pull: PullState, now: number): number | undefined {
    const rate = this.#total.rate(now, LEAST_FORECAST_SPAN_MS);
    if (pull.stage !== 'FETCH' || pull.bytesTotal === null || rate === undefined || rate <= 0)
      return undefined;
    const left = pull.layers.reduce(
      (sum, layer) => sum + (layer.fromCache ? 0 : layer.size - layer.bytesDone),
      0,
    );
    return left > 0 ? (left * 1000) / rate : undefined;
  }
}

/** What has come from the registry: layers of the cache are here at once and would make the rate a lie. */
function fetchedBytes(pull: PullState): number {
  return pull.layers.reduce((sum, layer) => sum + (layer.fromCache ? 0 : layer.bytesDone), 0);
}
