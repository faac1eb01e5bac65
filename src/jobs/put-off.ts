/**
 * Pulls that wait in their queue: a registry wants no requests for longer than a pull may keep its worker. The work begins
 * anew when the time has come, with what is in the cache by then.
 */
import { GatewayError } from '../lib/errors.js';
import { HandedOn } from '../lib/handed-on.js';

/** The job goes back to its queue, and no worker takes it before that. */
export class PutOff extends HandedOn {
  readonly notBefore: Date;

  constructor(notBefore: Date, options: { readonly cause?: unknown } = {}) {
    super('RATE_LIMITED', `The pull waits in its queue until ${notBefore.toISOString()}.`, options);
    this.notBefore = notBefore;
  }
}

/**
 * Whether a pull is to wait after such a failure; undefined when waiting would not help, or not within its time.
 *
 * @param latest when it has to have ended.
 */
export function putOffBy(error: unknown, latest: Date, now = new Date()): { readonly putOff: PutOff; readonly message: string } | undefined {
  if (!(error instanceof GatewayError) || error.waitFor === undefined) return undefined;
  const notBefore = new Date(now.getTime() + error.waitFor.ms);
  if (notBefore >= latest) return undefined;
  const time = notBefore.toISOString().slice(11, 16);
  return { putOff: new PutOff(notBefore, { cause: error }), message: `waiting until ${time} UTC, ${error.waitFor.reason}` };
}
