import { describe, expect, it } from '@jest/globals';
import { fit, formatBytes, formatSpan, printable, shortDigest, table } from '../../src/cli/text.js';

describe('text for people', () => {
  it('takes what controls a terminal out of names', () => {
    expect(printable('a\x1b[2Jb\x07c\x9bd\x7fe')).toBe('a[2Jbcde');
    expect(printable('one\ntwo\r\n\tthree')).toBe('one two three');
    expect(printable('left\u202eright\u200b\u2066x')).toBe('leftrightx');
    expect(printable('naïve 图像')).toBe('naïve 图像');
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [1024 * 1024 - 1, '1.0 MiB'],
    [5 * 1024 ** 3, '5.0 GiB'],
    [2 ** 53 - 1, '8.0 PiB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_600_000, '1 h'],
    [47 * 3_600_000, '47 h'],
    [48 * 3_600_000, '2 d'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(formatSpan(milliseconds)).toBe(text);
  });

  it('cuts lines, and never lets wide characters overflow', () => {
    expect(fit('abcdef', 4)).toBe('abcd');
    expect(fit('ab图像', 5)).toBe('ab图');
    expect(fit('abc', 10)).toBe('abc');
  });

  it('shortens digests and ids', () => {
    expect(shortDigest('sha256:0123456789abcdef')).toBe('0123456789ab');
    expect(shortDigest('0123456789abcdef')).toBe('0123456789ab');
  });

  it('aligns columns', () => {
    expect(
      table([
        ['A', 'B', 'C'],
        ['long', 'x', 'yy'],
      ]),
    ).toBe('A     B  C\nlong  x  yy\n');
  });
});
