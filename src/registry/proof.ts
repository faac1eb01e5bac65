/**
 * What a reference is, and on whose right it is read.
 *
 * Public is what anybody is shown, and that is proved: by HEAD, which counts as no pull, when it tells the digest; else by
 * reading the manifest. An answer that says neither proves nothing. Then the login has to be shown the same.
 */
import { abortReason, GatewayError } from '../lib/errors.js';
import { parseDocument } from './documents.js';
import type { Endpoint } from './endpoint.js';
import { ANONYMOUS, type Identity } from './identity.js';
import type { HeadResult, RequestOptions } from './image.js';
import { formatReference, type Reference } from './reference.js';
import { fetchManifest, headManifest, type Place } from './resolve.js';
import type { RegistryLimits } from './settings.js';

/** Who may say what a reference is. */
export interface Witnesses {
  /** Mirrors that may speak for the registry, asked before it. */
  readonly mirrors: readonly Endpoint[];
  readonly origin: Endpoint;
  /** The caller's at the registry, else the service's; not for mirrors. */
  readonly login: Identity | undefined;
}

type Shown = Pick<HeadResult, 'digest' | 'document'>;

/**
 * @throws GatewayError as requests and documents do: that of the login if there is one, else that of an anonymous caller.
 */
export async function prove(
  { mirrors, origin, login }: Witnesses,
  reference: Reference,
  request: RequestOptions,
  limits: RegistryLimits,
): Promise<HeadResult> {
  const place = (endpoint: Endpoint, identity: Identity): Place => ({
    endpoint,
    identity,
    repository: reference.repository,
    signal: request.signal,
    ...(request.onWait === undefined ? {} : { onWait: request.onWait }),
  });
  const byLogin = async (identity: Identity, access: HeadResult['access']): Promise<HeadResult> => ({
    ...(await shownAt(place(origin, identity), reference, limits)),
    access,
    identity,
  });
  let anonymousFailure: unknown;
  for (const endpoint of [...mirrors, origin]) {
    try {
      const at = place(endpoint, ANONYMOUS);
      const found = await shownToAnybody(at, reference, endpoint === origin ? login : undefined, limits);
      if ('isPublicBut' in found) return await byLogin(found.isPublicBut, 'public');
      return { ...found, access: 'public', identity: login ?? ANONYMOUS };
    } catch (error) {
      if (request.signal.aborted) throw abortReason(request.signal);
      anonymousFailure = error;
      // Down or limiting us it has said nothing of who may have the image: a login must not make it private.
      const mayPass = error instanceof GatewayError && error.retryable;
      if (mayPass && endpoint === origin) throw error;
    }
  }
  if (login !== undefined) return await byLogin(login, 'private');
  throw anonymousFailure;
}

/**
 * Asks as anybody may. Where `login` could be used instead, a rate limit is not waited out when the token service has
 * granted everybody the reading: that proves the image public as well.
 */
async function shownToAnybody(
  at: Place,
  reference: Reference,
  login: Identity | undefined,
  limits: RegistryLimits,
): Promise<Shown | { readonly isPublicBut: Identity }> {
  if (login !== undefined) {
    try {
      return await shownAt({ ...at, atOnce: true }, reference, limits);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'RATE_LIMITED') throw error;
      if (at.endpoint.grantsPull(at.identity, at.repository)) return { isPublicBut: login };
    }
  }
  return await shownAt(at, reference, limits);
}

/** What this caller is shown there: the digest, or the document itself where HEAD is refused or tells another digest or none. */
async function shownAt(at: Place, reference: Reference, limits: RegistryLimits): Promise<Shown> {
  const name = reference.digest ?? reference.tag ?? 'latest';
  const said = await headManifest(at, name);
  if (said !== undefined && (reference.digest ?? said) === said) return { digest: said };
  const document = await fetchManifest(at, name, limits);
  // By tag it could be anything, the page of a login for one.
  parseDocument(document.bytes, document.contentType, formatReference(reference), limits);
  return { digest: document.digest, document };
}
