/**
 * Platforms as the OCI image specification names them (Go's GOOS, GOARCH and a variant), and the choice among those
 * that an index offers.
 */
import { arch, endianness } from 'node:os';
import { GatewayError } from '../lib/errors.js';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,31}$/;
const ALIASES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  x64: 'amd64',
  aarch64: 'arm64',
  ia32: '386',
  i386: '386',
};
/** What an architecture without a variant means. */
const DEFAULT_LEVEL: Readonly<Record<string, number>> = { amd64: 1, arm64: 8, arm: 7 };

/**
 * Reads `os/architecture[/variant]`; `x86_64` and `aarch64` are understood.
 *
 * @throws GatewayError BAD_USER_INPUT.
 */
export function parsePlatform(text: string): Platform {
  const parts = text.trim().toLowerCase().split('/');
  const [os, architecture, variant] = parts;
  if (
    os === undefined ||
    architecture === undefined ||
    parts.length > 3 ||
    !parts.every((part) => NAME.test(part))
  ) {
    throw new GatewayError(
      'BAD_USER_INPUT',
      `"${text.slice(0, 80)}" is no platform: write os/architecture[/variant], for example linux/amd64 or linux/arm64/v8.`,
    );
  }
  return normalisePlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) });
}

/** `os/architecture[/variant]`. */
export function formatPlatform(platform: Platform): string {
  const variant = platform.variant === undefined ? '' : `/${platform.variant}`;
  return `${platform.os}/${platform.architecture}${variant}`;
}

/** The platform of this machine, as Linux. */
export function hostPlatform(): Platform {
  const own = arch();
  if (own === 'ppc64') return { os: 'linux', architecture: endianness() === 'LE' ? 'ppc64le' : 'ppc64' };
  return { os: 'linux', architecture: ALIASES[own] ?? own };
}

/** One spelling for one platform: aliases resolved, a variant that says nothing more left out. */
export function normalisePlatform(platform: Platform): Platform {
  const name = platform.architecture.toLowerCase();
  const architecture = ALIASES[name] ?? name;
  const variant = platform.variant?.toLowerCase() ?? '';
  const implied = variant === '' || variant === `v${String(DEFAULT_LEVEL[architecture] ?? '')}`;
  return { os: platform.os.toLowerCase(), architecture, ...(implied ? {} : { variant }) };
}

/**
 * How well an offer serves a wish: undefined for not at all, otherwise the higher the better.
 *
 * Variants are levels: a machine of level v3 runs v3, v2 and v1, and is best served by the highest.
 */
export function platformFit(wanted: Platform, offered: Platform): number | undefined {
  const want = normalisePlatform(wanted);
  const offer = normalisePlatform(offered);
  if (want.os !== offer.os || want.architecture !== offer.architecture) return undefined;
  const wantedLevel = levelOf(want);
  const offeredLevel = levelOf(offer);
  if (wantedLevel === undefined || offeredLevel === undefined)
    return want.variant === offer.variant ? 0 : undefined;
  return offeredLevel <= wantedLevel ? offeredLevel : undefined;
}

/** The best of several offers, the first among equals. */
export function choosePlatform<T extends { readonly platform: Platform }>(
  wanted: Platform,
  offers: readonly T[],
): T | undefined {
  let best: { readonly offer: T; readonly fit: number } | undefined;
  for (const offer of offers) {
    const fit = platformFit(wanted, offer.platform);
    if (fit !== undefined && (best === undefined || fit > best.fit)) best = { offer, fit };
  }
  return best?.offer;
}

function levelOf(platform: Platform): number | undefined {
  if (platform.variant === undefined) return DEFAULT_LEVEL[platform.architecture] ?? 0;
  const match = /^v([0-9]{1,3})$/.exec(platform.variant);
  return match === null ? undefined : Number(match[1]);
}
