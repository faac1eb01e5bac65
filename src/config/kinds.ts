/**
 * The kinds of values that keys hold: how each is written in the file, and what it is read to.
 */
import { z } from 'zod';
import type { Kind } from './keys.js';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};
const CENTURY_SECONDS = 100 * 366 * 86_400;

export const text: Kind<string> = { schema: z.string().min(1), type: 'a text' };
export const flag: Kind<boolean> = { schema: z.boolean(), type: '`true` or `false`' };
/** Read further with a section of its own. */
export const object: Kind<Readonly<Record<string, unknown>>> = {
  schema: z.custom<Readonly<Record<string, unknown>>>(isObject).or(z.never()),
  type: 'an object',
};
/** Anything at all: for keys that are accepted and not looked at. */
export const anything: Kind<unknown> = { schema: z.unknown(), type: 'anything' };

/** A list of texts; one text alone is a list of one. */
export const names: Kind<readonly string[]> = {
  schema: z.union([
    z
      .string()
      .min(1)
      .transform((name) => [name]),
    z.array(z.string().min(1)),
  ]),
  type: 'a text or a list of texts',
};

export function oneOf<const Word extends string>(...words: readonly Word[]): Kind<Word> {
  return { schema: z.enum(words), type: words.map((word) => `\`"${word}"\``).join(' or ') };
}

/** A whole number from `least` to `most`; digits in quotes are accepted, as Shifter does. */
export function count(least: number, most: number): Kind<number> {
  const digits = z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number);
  return {
    schema: z.union([z.number(), digits]).pipe(z.int().min(least).max(most)),
    type: `a whole number from ${least} to ${most}`,
  };
}

/** A number of seconds, or Shifter's `"days:hours:minutes:seconds"`; read to ms. */
export function duration(leastSeconds: number): Kind<number> {
  const parts = z
    .string()
    .regex(/^\d{1,9}(:\d{1,9}:\d{1,9}:\d{1,9})?$/)
    .transform(secondsOf);
  return {
    schema: z
      .union([z.number(), parts])
      .pipe(z.number().min(leastSeconds).max(CENTURY_SECONDS))
      .transform((seconds) => Math.round(seconds * 1000)),
    type: `a duration of at least ${leastSeconds} s: seconds, or \`"D:H:M:S"\``,
  };
}

/** A life time: a duration, or `"never"`. */
export const lifetime: Kind<number | 'never'> = {
  schema: z.union([z.literal('never'), duration(60).schema]),
  type: 'a duration of at least 60 s (seconds, or `"D:H:M:S"`), or `"never"`',
};

/** An interval: a duration, or `"off"`. */
export const intervalOrOff: Kind<number | 'off'> = {
  schema: z.union([z.literal('off'), duration(60).schema]),
  type: 'a duration of at least 60 s (seconds, or `"D:H:M:S"`), or `"off"`',
};

/** A number of bytes, or a text with a unit (`"512 MiB"`); read to bytes. */
export function size(leastBytes: number): Kind<number> {
  const withUnit = z
    .string()
    .regex(/^\d{1,15}(\.\d{1,6})? ?([kmgt]i?b)?$/i)
    .transform((written) => {
      const [, number = '', unit = ''] = /^([\d.]+) ?(.*)$/.exec(written) ?? [];
      return Math.floor(Number(number) * (UNITS[unit.toUpperCase()] ?? Number.NaN));
    });
  return {
    schema: z.union([z.number(), withUnit]).pipe(z.int().min(leastBytes).max(Number.MAX_SAFE_INTEGER)),
    type: `a size of at least ${leastBytes} bytes: a number, or a text like \`"512 MiB"\``,
  };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function secondsOf(written: string): number {
  if (!written.includes(':')) return Number(written);
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = written.split(':').map(Number);
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}
