/**
 * The client of an image gateway, for Node and browsers. It knows the contract and nothing of the server.
 */
import { endpointsOf } from './endpoints.js';
import { GatewayClientError, throwUserErrors } from './errors.js';
import {
  AddSystemDocument,
  CancelPullDocument,
  CheckSystemDocument,
  ExpireImageDocument,
  FindSystemDocument,
  ImportImageDocument,
  ListImagesDocument,
  ListSystemsDocument,
  LookupImageDocument,
  PullDocument,
  PullImageDocument,
  RemoveSystemDocument,
  UpdateSystemDocument,
  VerificationDocument,
  VerifySystemDocument,
  type AddSystemInput,
  type ExpireImageInput,
  type ExpireImageMutation,
  type ImportImageInput,
  type ListImagesQueryVariables,
  type PullImageInput,
  type RemoveSystemInput,
  type UpdateSystemInput,
  type VerifySystemInput,
} from './generated/documents.js';
import { createExecute, type Execute, type Fetch } from './http-transport.js';
import { createSubscribe } from './socket-transport.js';
import type { ImageDetail, ImageSummary, PullState, SystemCheckReport, SystemReport, UserError, VerificationReport } from './types.js';
import { watchPull, type ReconnectOptions, type WatchPullOptions } from './watch-pull.js';

export interface GatewayClientOptions {
  /** `http://host:port` or `http://host:port/graphql`; the WebSocket address is derived from it. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
  /** The global one when not given. */
  readonly fetch?: Fetch | undefined;
  /** A WebSocket class; the global one when not given (Node 20 has none: pass that of `ws`). */
  readonly webSocketImpl?: unknown;
  readonly reconnect?: ReconnectOptions | undefined;
  /** Milliseconds of silence after which the gateway is asked whether it is still there. Default 10 seconds. */
  readonly keepAliveMs?: number | undefined;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What `pull` has started or joined. */
export interface StartedPulls {
  /** One for each system that could be served, in the order of the input. */
  readonly pulls: readonly PullState[];
  /** What stood in the way, for each system that could not. */
  readonly errors: readonly UserError[];
}

/** What `expireImage` has done. */
export interface ExpiredImage {
  /** The name that was taken off. */
  readonly tag: ExpireImageMutation['expireImage']['tag'];
  /** True when it was the image's last name, and its files have gone. */
  readonly imageRemoved: boolean;
}

/** What `addSystem` and `updateSystem` have done. */
export interface DeclaredSystem {
  readonly system: SystemReport;
  /** What it is declared with, and an administrator should know. */
  readonly warnings: readonly string[];
}

/** Which images, and how many a request. */
export interface ImagesOptions extends RequestOptions {
  readonly system?: string | undefined;
  /** Only images with a name that contains this text. */
  readonly nameContains?: string | undefined;
  /** 1 to 100; default 100. */
  readonly pageSize?: number | undefined;
}

/** Every function throws GatewayClientError, or the reason of the signal when that is aborted. */
export interface GatewayClient {
  /** Runs any typed query or mutation. */
  readonly execute: Execute;
  /** Asks for an image. Throws when no system could be served; otherwise `errors` says which could not. */
  pull(input: PullImageInput, options?: RequestOptions): Promise<StartedPulls>;
  /** The pull's states: the present one, newer ones, the terminal one; then the iteration ends. Survives restarts of the gateway. */
  watchPull(id: string, options?: WatchPullOptions): AsyncIterable<PullState>;
  /** The pull as it is now; null when there is none that you may see. */
  findPull(id: string, options?: RequestOptions): Promise<PullState | null>;
  /** Takes the caller off a pull, or with `force` stops it for everybody. Gives the pull as it is then. */
  cancelPull(
    id: string,
    options?: RequestOptions & { readonly force?: boolean | undefined },
  ): Promise<PullState | null>;
  /** The image behind a reference; null when there is none that you may see. Throws UNKNOWN_SYSTEM. */
  lookup(
    system: string,
    reference: string,
    options?: RequestOptions & { readonly platform?: string | undefined },
  ): Promise<ImageDetail | null>;
  /** The images that you may see, newest first; pages are fetched as the iteration needs them. */
  images(options?: ImagesOptions): AsyncIterable<ImageSummary>;
  /** Takes a name off an image. */
  expireImage(input: ExpireImageInput, options?: RequestOptions): Promise<ExpiredImage>;
  /** Has an image imported that lies on the machine of the system's worker; gives the pull, to be watched. */
  importImage(input: ImportImageInput, options?: RequestOptions): Promise<PullState>;
  /** All systems that you may use, by name. */
  systems(options?: RequestOptions): Promise<readonly SystemReport[]>;
  /** The system of that name; null when there is none. */
  findSystem(name: string, options?: RequestOptions): Promise<SystemReport | null>;
  /** Has a worker try all that publishing on a system needs. Throws NO_WORKER when none could. */
  checkSystem(system: string, options?: RequestOptions): Promise<SystemCheckReport>;
  /** Declares a system. The error's `userErrors` hold all that is wrong with the definition, each with its path. */
  addSystem(input: AddSystemInput, options?: RequestOptions): Promise<DeclaredSystem>;
  /** Changes a system that was declared by `addSystem`. */
  updateSystem(input: UpdateSystemInput, options?: RequestOptions): Promise<DeclaredSystem>;
  /** Takes a system out that was declared by `addSystem`. */
  removeSystem(input: RemoveSystemInput, options?: RequestOptions): Promise<void>;
  /** Has a system verified; gives the verification as it begins, or as it is if one runs already. */
  verifySystem(input: VerifySystemInput, options?: RequestOptions): Promise<VerificationReport>;
  /** A system's last verification, or the one that runs; null when there was none, or you may not see it. */
  findVerification(system: string, options?: RequestOptions): Promise<VerificationReport | null>;
}

/**
 * Makes a client. Nothing is sent before the first call, and nothing needs closing after the last.
 *
 * @throws GatewayClientError BAD_URL.
 */
export function createGatewayClient(options: GatewayClientOptions): GatewayClient {
  const endpoints = endpointsOf(options.url);
  let reached = false;
  const onReached = (): void => {
    reached = true;
  };
  const execute = createExecute({
    url: endpoints.http,
    token: options.token,
    // Called as a plain function: a browser's fetch refuses to be the method of another object.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    onAnswer: onReached,
  });
  const subscribe = createSubscribe({
    url: endpoints.webSocket,
    token: options.token,
    webSocketImpl: options.webSocketImpl,
    keepAliveMs: options.keepAliveMs ?? 10_000,
    onConnected: onReached,
  });
  const watching = { subscribe, reconnect: options.reconnect ?? {}, wasReached: () => reached };

  return {
    execute,
    async pull(input, request) {
      const { pullImage } = await execute(PullImageDocument, { input }, request);
      if (pullImage.pulls.length === 0) throwUserErrors(pullImage.errors);
      return pullImage;
    },
    watchPull: (id, watch = {}) => watchPull(watching, id, watch),
    async findPull(id, request) {
      const { pull } = await execute(PullDocument, { id }, request);
      return pull;
    },
    async cancelPull(id, { force, ...request } = {}) {
      const { cancelPull } = await execute(CancelPullDocument, { input: { id, force } }, request);
      throwUserErrors(cancelPull.errors);
      return cancelPull.pull;
    },
    async lookup(system, reference, { platform, ...request } = {}) {
      const answer = await execute(LookupImageDocument, { system, reference, platform }, request);
      if (answer.system === null) {
        throw new GatewayClientError(
          'UNKNOWN_SYSTEM',
          `The gateway has no system named "${system}": check its spelling.`,
        );
      }
      return answer.image;
    },
    images: (which) => pages(execute, which),
    async expireImage(input, request) {
      const { expireImage } = await execute(ExpireImageDocument, { input }, request);
      throwUserErrors(expireImage.errors);
      return { tag: expireImage.tag, imageRemoved: expireImage.imageRemoved };
    },
    async importImage(input, request) {
      const { importImage } = await execute(ImportImageDocument, { input }, request);
      throwUserErrors(importImage.errors);
      return given(importImage.pull, 'a pull');
    },
    async systems(request) {
      return (await execute(ListSystemsDocument, {}, request)).systems;
    },
    async findSystem(name, request) {
      return (await execute(FindSystemDocument, { name }, request)).system;
    },
    async checkSystem(system, request) {
      const { checkSystem } = await execute(CheckSystemDocument, { input: { system } }, request);
      throwUserErrors(checkSystem.errors);
      return given(checkSystem.check, 'a check');
    },
    async addSystem(input, request) {
      const { system, warnings, errors } = (await execute(AddSystemDocument, { input }, request)).addSystem;
      throwUserErrors(errors);
      return { system: given(system, 'a system'), warnings };
    },
    async updateSystem(input, request) {
      const { system, warnings, errors } = (await execute(UpdateSystemDocument, { input }, request)).updateSystem;
      throwUserErrors(errors);
      return { system: given(system, 'a system'), warnings };
    },
    async removeSystem(input, request) {
      throwUserErrors((await execute(RemoveSystemDocument, { input }, request)).removeSystem.errors);
    },
    async verifySystem(input, request) {
      const { verifySystem } = await execute(VerifySystemDocument, { input }, request);
      throwUserErrors(verifySystem.errors);
      return given(verifySystem.verification, 'a verification');
    },
    async findVerification(system, request) {
      const answer = await execute(VerificationDocument, { system }, request);
      return answer.system?.verification ?? null;
    },
  };
}

/** A payload without errors must hold what was asked for. */
function given<T>(value: T | null, what: string): T {
  if (value === null) throw new GatewayClientError('INTERNAL', `The gateway answered with neither ${what} nor a reason.`);
  return value;
}

async function* pages(
  execute: Execute,
  options: ImagesOptions = {},
): AsyncGenerator<ImageSummary, void, undefined> {
  const where = { system: options.system, nameContains: options.nameContains };
  let after: string | null = null;
  do {
    const variables: ListImagesQueryVariables = { where, first: options.pageSize ?? 100, after };
    const { images } = await execute(ListImagesDocument, variables, {
      signal: options.signal,
    });
    yield* images.nodes;
    after = images.pageInfo.hasNextPage ? images.pageInfo.endCursor : null;
  } while (after !== null);
}
