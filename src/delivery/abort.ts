import { abortReason } from '../lib/errors.js';

/** @throws GatewayError the reason of `signal`, once that has fired. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortReason(signal);
}
