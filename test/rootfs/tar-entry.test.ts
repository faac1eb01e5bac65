/** Numbers of tar headers, against a plain reading of the rule: text up to a NUL, blanks around it, octal digits. */
import { expect, it } from '@jest/globals';
import { GatewayError } from '../../src/lib/errors.js';
import { number, typeFlag } from '../../src/rootfs/tar-entry.js';
import { diceOf, type Dice } from '../support/dice.js';
import { tarItem } from '../support/tar.js';

const REFUSED = 'refused';

function readPlainly(field: Buffer): number | typeof REFUSED {
  if (field[0]! >= 0x80) {
    const bits = BigInt.asIntN(8 * field.length - 1, BigInt(`0x${field.toString('hex')}`));
    return Number(bits);
  }
  const digits = field.toString('latin1').split('\0', 1)[0]!.replace(/^[\t-\r ]+|[\t-\r ]+$/g, '');
  if (digits === '') return 0;
  return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : REFUSED;
}

function read(block: Buffer, offset: number, length: number): number | typeof REFUSED {
  try {
    return number(block, offset, length);
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'BAD_LAYER') return REFUSED;
    throw error;
  }
}

/** Mostly digits, with what else is met: blanks, NULs, the digits that are none, any byte. */
function randomField(dice: Dice, length: number): Buffer {
  const field = Buffer.alloc(length);
  const strange = 2 + dice(20);
  for (let i = 0; i < length; i++) {
    const kinds = [0, 0x20, 0x09, 0x0a, 0x38, 0x2d, 0xa0, dice(256)];
    field[i] = dice(strange) === 0 ? kinds[dice(kinds.length)]! : 0x30 + dice(8);
  }
  if (dice(3) === 0) field.fill(dice(2) * 0x20, length - 1 - dice(length));
  if (dice(3) === 0) field.fill(0x20, 0, dice(length));
  if (dice(6) === 0) field[0] = 0x80 | dice(128);
  return field;
}

it('numbers are read by their bytes as by their text, whatever stands around them', () => {
  const dice = diceOf(20_240_701);
  const outcomes = { read: 0, refused: 0 };
  for (let round = 0; round < 30_000; round++) {
    const length = dice(2) === 0 ? 8 : 12;
    const field = randomField(dice, length);
    // What lies in front and behind is none of its business.
    const block = Buffer.alloc(512, round % 2 === 0 ? 0x37 : 0);
    const offset = 100 + dice(300);
    field.copy(block, offset);
    const wanted = readPlainly(field);
    const found = read(block, offset, length);
    if (!Object.is(found, wanted)) expect({ field: field.toString('hex'), found }).toEqual({ field: field.toString('hex'), found: wanted });
    outcomes[wanted === REFUSED ? 'refused' : 'read']++;
  }
  expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(3000);
});

it('a header with any one byte changed is refused, and only then', () => {
  const header = tarItem({ name: 'usr/lib/caf\xe9', type: 'symlink', link: '\xff\xfe', mtime: 1_699_999_999 });
  expect(typeFlag(header)).toBe('2');
  for (let at = 0; at < 512; at++) {
    const changed = Buffer.from(header);
    changed[at] = changed[at]! ^ 0x80;
    // The checksum's own field ends with a NUL and a blank, and what follows the NUL is not read.
    if (at === 155) expect(typeFlag(changed)).toBe('2');
    else expect(() => typeFlag(changed)).toThrow(GatewayError);
  }
});
