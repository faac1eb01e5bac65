/**
 * What callers of the gateway import.
 */
export { createGatewayClient } from './gateway-client.js';
export type {
  DeclaredSystem,
  ExpiredImage,
  GatewayClient,
  GatewayClientOptions,
  ImagesOptions,
  RequestOptions,
  StartedPulls,
} from './gateway-client.js';
export { GatewayClientError } from './errors.js';
export type { GatewayClientErrorCode, LocalErrorCode } from './errors.js';
export type { ReconnectOptions, WatchPullOptions } from './watch-pull.js';
export { hasEnded } from './types.js';
export type { ImageDetail, ImageSummary, PullLayer, PullState, SystemCheckReport, SystemReport, UserError, VerificationReport } from './types.js';
export * from './generated/documents.js';
