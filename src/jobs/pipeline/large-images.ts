/**
 * What a worker holds in memory of its pulls is the entries of their images, from the reading of the layers to the end.
 * Small images are made side by side; of large ones a worker makes one at a time. That an image is large shows while it
 * is read: when another large one is being made it lets go of everything, waits for its turn with nothing in its hands, so
 * that nobody can wait for it, and begins anew.
 */
import { GatewayError } from '../../lib/errors.js';
import { unlessAborted } from '../../lib/unless-aborted.js';

export interface LargeImages {
  /** One image that is going to be made; `signal` ends its waiting. */
  begin(signal: AbortSignal): Reading;
}

export interface Reading {
  /** To be told of each entry that is kept in memory. */
  readonly onEntry: () => void;
  /** Aborted with that of the pull, and when the image has to wait. Another one after each wait. */
  readonly signal: AbortSignal;
  /** Whether the image was broken off because another large one is being made. */
  readonly hasToWait: boolean;
  /** Waits until no other large image is being made; from then on this one is. @throws the reason of the pull's signal */
  waitForTurn(): Promise<void>;
  /** Lets the next one go on. */
  end(): void;
}

/** @param smallEntries entries of an image that is made beside others. */
export function createLargeImages(smallEntries: number): LargeImages {
  /** The one that is being made. */
  let current: { readonly reading: Reading; readonly ended: Promise<void> } | undefined;

  return {
    begin(pull) {
      let crowded = new AbortController();
      let signal = AbortSignal.any([pull, crowded.signal]);
      let entries = 0;
      let end = (): void => {};

      function take(): void {
        const ended = new Promise<void>((resolve) => {
          end = () => {
            current = undefined;
            resolve();
          };
        });
        current = { reading, ended };
      }

      const reading: Reading = {
        onEntry() {
          entries += 1;
          if (entries <= smallEntries || current?.reading === reading || crowded.signal.aborted) return;
          if (current === undefined) take();
          else crowded.abort(new GatewayError('CANCELLED', 'Another large image is being made: this one waits.'));
        },
        get signal() {
          return signal;
        },
        get hasToWait() {
          return crowded.signal.aborted && !pull.aborted;
        },
        async waitForTurn() {
          while (current !== undefined) await unlessAborted(current.ended, pull);
          take();
          entries = 0;
          crowded = new AbortController();
          signal = AbortSignal.any([pull, crowded.signal]);
        },
        end: () => end(),
      };
      return reading;
    },
  };
}
