/**
 * Platforms (`os/architecture[/variant]`) and which of several images fits one.
 *
 * Names and defaults follow the OCI image index specification and containerd's `platforms` package.
 */
import { GatewayError } from '../lib/errors.js';

export interface Platform {
  readonly os: string;
  /** As Go names it: `amd64`, `arm64`, `ppc64le`, ... */
  readonly architecture: string;
  /** `v8` of arm64, `v7` of arm, or the level of amd64 (`v2` to `v4`) up to which the system can go. */
  readonly variant?: string;
}

const WORD = /^[a-z0-9][a-z0-9._-]{0,31}$/;
const ALIASES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
  armhf: 'arm',
};
/** What an architecture means when its variant is not said. */
const DEFAULT_LEVEL: Readonly<Record<string, number>> = { arm64: 8, arm: 7, amd64: 1 };

/**
 * Reads `linux/arm64/v8`; the usual other names (`x86_64`, `aarch64`) are understood, the canonical ones come back. A
 * variant that is the default one (`arm64/v8`, `arm/v7`, `amd64/v1`) is left out, so that one platform has one spelling.
 *
 * @throws GatewayError BAD_USER_INPUT
 */
export function parsePlatform(text: string): Platform {
  const parts = text.trim().toLowerCase().split('/');
  const [os, architecture, variant] = parts;
  if (
    os === undefined ||
    architecture === undefined ||
    parts.length > 3 ||
    !parts.every((part) => WORD.test(part))
  ) {
    throw new GatewayError(
      'BAD_USER_INPUT',
      `"${text.slice(0, 60)}" is not a platform: expected os/architecture or os/architecture/variant, as linux/arm64.`,
    );
  }
  return normalPlatform(os, architecture, variant);
}

/** A platform in its canonical names. */
export function normalPlatform(os: string, architecture: string, variant?: string): Platform {
  const name = architecture.toLowerCase();
  const canonical = ALIASES[name] ?? name;
  const plain = { os: os.toLowerCase(), architecture: canonical };
  const said = variant?.toLowerCase();
  if (said === undefined || said === '') return plain;
  const platform = { ...plain, variant: /^\d+$/.test(said) ? `v${said}` : said };
  return level(platform) === DEFAULT_LEVEL[canonical] ? plain : platform;
}

export function formatPlatform(platform: Platform): string {
  const variant = platform.variant === undefined ? '' : `/${platform.variant}`;
  return `${platform.os}/${platform.architecture}${variant}`;
}

/** The platform of this machine, for a system that names none. */
export function hostPlatform(): Platform {
  const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };
  return normalPlatform('linux', names[process.arch] ?? process.arch);
}

/**
 * How well an image for `offered` suits a system that is `wanted`: undefined when it can't run there, otherwise the
 * higher the better. Of the levels of one architecture the highest that does not exceed the wanted one is best.
 */
export function platformFit(offered: Platform, wanted: Platform): number | undefined {
  const image = normalPlatform(offered.os, offered.architecture, offered.variant);
  const system = normalPlatform(wanted.os, wanted.architecture, wanted.variant);
  if (image.os !== system.os || image.architecture !== system.architecture) return undefined;
  const has = level(image);
  const may = level(system);
  if (has === undefined || may === undefined) return image.variant === system.variant ? 0 : undefined;
  return has <= may ? has : undefined;
}

/** `v7` is 7; without a variant the architecture's default, 0 where it has none; undefined for a variant that is no number. */
function level(platform: Platform): number | undefined {
  if (platform.variant === undefined) return DEFAULT_LEVEL[platform.architecture] ?? 0;
  const digits = /^v(\d{1,2})$/.exec(platform.variant)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
