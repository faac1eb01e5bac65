/** Opens a layer at a mirror, the registry, or (for foreign layers) at the URLs that its manifest names. */
import { abortReason, GatewayError, messageOf } from '../lib/errors.js';
import type { Endpoint } from './endpoint.js';
import { discard, exchange, type Answer } from './exchange.js';
import type { AskedAt, BlobRange, BlobStream, LayerDescriptor } from './image.js';
import { isMatterOfLogin, type Identity } from './identity.js';
import type { RegistryLimits, RegistrySettings } from './settings.js';
import type { Transport } from './transport.js';

export interface BlobPlace {
  readonly endpoint: Endpoint;
  readonly identity: Identity;
  /** The place before it without the login: asked only if that was to blame. */
  readonly isSpare?: boolean;
}

/**
 * @throws GatewayError NOT_FOUND, DENIED, RATE_LIMITED, REGISTRY_UNREACHABLE, POLICY_REFUSED: of the last place asked.
 */
export async function openBlobAt(
  places: readonly BlobPlace[],
  repository: string,
  layer: Pick<LayerDescriptor, 'digest' | 'size' | 'urls'>,
  range: BlobRange,
  settings: RegistrySettings,
  limits: RegistryLimits,
): Promise<BlobStream> {
  const wantsRange = range.offset > 0 || range.end !== undefined;
  const headers = wantsRange
    ? { range: `bytes=${String(range.offset)}-${range.end === undefined ? '' : String(range.end)}` }
    : {};
  const { distrusted = new Set() } = range;
  let failure: unknown;
  const read = async (askedAt: AskedAt, transport: Transport, ask: () => Promise<Answer>): Promise<BlobStream | undefined> => {
    try {
      return { ...asBlobStream(await ask(), range, layer, transport), askedAt };
    } catch (error) {
      if (range.signal.aborted) throw abortReason(range.signal);
      if (error instanceof GatewayError && error.code === 'BAD_LAYER') distrusted.add(askedAt.endpoint);
      failure = error;
      return undefined;
    }
  };
  const origin = places.at(-1)?.endpoint;
  for (const { endpoint, identity, isSpare } of places) {
    if (isSpare === true && !isMatterOfLogin(failure)) break;
    // The registry itself is the last resort: what it sent may have been damaged on the way.
    if (endpoint !== origin && distrusted.has(endpoint.name)) continue;
    const found = await read({ endpoint: endpoint.name, identity: identity.kind }, endpoint.transport, () =>
      endpoint.request({
        method: 'GET',
        path: `${repository}/blobs/${layer.digest}`,
        repository,
        headers,
        identity,
        signal: range.signal,
        ...(range.onWait === undefined ? {} : { onWait: range.onWait }),
        ...(range.failures === undefined ? {} : { failures: range.failures }),
      }),
    );
    if (found !== undefined) return found;
  }
  for (const text of settings.foreignLayers ? layer.urls : []) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    // A stranger's server: never with credentials, and never without TLS.
    if (url?.protocol !== 'https:' || origin === undefined) continue;
    url.username = '';
    url.password = '';
    const found = await read({ endpoint: url.host, identity: 'anonymous' }, origin.transport, async () => {
      try {
        return await exchange(origin.transport, { method: 'GET', url, headers, signal: range.signal, insecure: false }, limits);
      } catch (error) {
        throw new GatewayError('REGISTRY_UNREACHABLE', `Layer ${layer.digest} can't be had from ${url.host}: ${messageOf(error)}`, { cause: error });
      }
    });
    if (found !== undefined) return found;
  }
  throw failure;
}

function asBlobStream(
  answer: Answer,
  range: BlobRange,
  layer: Pick<LayerDescriptor, 'digest' | 'size'>,
  { memory }: Pick<Transport, 'memory'>,
): BlobStream {
  const { status } = answer;
  const servedBy = answer.url.host;
  if (status === 404) {
    discard(answer);
    throw new GatewayError(
      'NOT_FOUND',
      `${servedBy} does not have the layer ${layer.digest} that its manifest names.`,
    );
  }
  if (status === 206) {
    const [, first, last, total] =
      /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(answer.header('content-range') ?? '') ?? [];
    const right =
      Number(first) === range.offset &&
      Number(last) <= (range.end ?? layer.size - 1) &&
      (total === '*' || Number(total) === layer.size);
    if (!right) {
      answer.body.destroy();
      throw new GatewayError(
        'BAD_LAYER',
        `${servedBy} answers with another range of layer ${layer.digest} than the one asked for (${(answer.header('content-range') ?? 'none').slice(0, 60)}).`,
      );
    }
    return {
      stream: answer.body,
      offset: range.offset,
      length: Number(last) - range.offset + 1,
      partial: true,
      servedBy,
      memory,
    };
  }
  if (status !== 200) {
    answer.body.destroy();
    // 416 among them: the server's blob ends before the byte that is wanted.
    throw new GatewayError(
      'BAD_LAYER',
      `${servedBy} answers HTTP ${String(status)} for bytes from ${String(range.offset)} of layer ${layer.digest}.`,
    );
  }
  const length = answer.header('content-length');
  return {
    stream: answer.body,
    offset: 0,
    partial: false,
    servedBy,
    memory,
    ...(length === undefined || !/^\d{1,15}$/.test(length) ? {} : { length: Number(length) }),
  };
}
