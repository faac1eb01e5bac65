import { describe, expect, it } from '@jest/globals';
import { digestHex, isDigest, parseDigest, sha256 } from '../../src/lib/digest.js';

const HEX = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('digests', () => {
  it('accepts what the specification names and gives the hex digits', () => {
    expect(sha256('')).toBe(`sha256:${HEX}`);
    expect(digestHex(parseDigest(`sha256:${HEX}`))).toBe(HEX);
    expect(isDigest(`sha512:${HEX}${HEX}`)).toBe(true);
  });

  it.each([`sha256:${HEX.toUpperCase()}`, `sha256:${HEX}0`, `md5:${HEX}`, `sha256:../../../../etc/passwd`, `sha256:${HEX}\n`, ''])(
    'refuses %j',
    (text) => {
      expect(() => parseDigest(text)).toThrow(/is not a digest/);
    },
  );
});
