import type { Viewer } from '../access/viewer.js';

/** What every resolver is given: who asks, and the services that answer. */
export interface GatewayContext {
  readonly viewer: Viewer;
}
