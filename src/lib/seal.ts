/**
 * Sealing for one reader: X25519 with a key of the moment (RFC 7748), HKDF-SHA256 (RFC 5869), AES-256-GCM. What is sealed
 * says nothing of who has sealed it.
 */
import { createCipheriv, createDecipheriv, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';
import { GatewayError } from './errors.js';

/** The public half of a key as it is written in configurations: `x25519:` and 32 bytes in base64url. */
export const PUBLIC_KEY = /^x25519:[A-Za-z0-9_-]{43}$/;

const INFO = 'imagegw sealed credentials 1';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function publicKeyText(key: KeyObject): string {
  const { x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return `x25519:${x ?? ''}`;
}

/** @param bound what the sealed text belongs to: it opens with the same alone. */
export function seal(plain: string, reader: string, bound: string): string {
  const recipient = publicKey(rawKey(reader));
  const moment = generateKeyPairSync('x25519');
  const sender = rawKey(publicKeyText(moment.publicKey));
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyOf(diffieHellman({ privateKey: moment.privateKey, publicKey: recipient }), sender, rawKey(reader)), nonce);
  cipher.setAAD(boundBytes(reader, bound));
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return Buffer.concat([sender, nonce, cipher.getAuthTag(), body]).toString('base64url');
}

/** @throws GatewayError DENIED when it was sealed for another key, belongs to something else, or was changed. */
export function unseal(sealed: string, key: KeyObject, bound: string): string {
  try {
    const bytes = Buffer.from(sealed, 'base64url');
    const sender = bytes.subarray(0, KEY_BYTES);
    const nonce = bytes.subarray(KEY_BYTES, KEY_BYTES + NONCE_BYTES);
    const tag = bytes.subarray(KEY_BYTES + NONCE_BYTES, KEY_BYTES + NONCE_BYTES + TAG_BYTES);
    const reader = publicKeyText(key);
    const secret = diffieHellman({ privateKey: key, publicKey: publicKey(sender) });
    const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, sender, rawKey(reader)), nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(boundBytes(reader, bound));
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(bytes.subarray(KEY_BYTES + NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    throw new GatewayError('DENIED', 'What was sealed does not open with this key: it is for another one, or was changed.');
  }
}

function keyOf(secret: Buffer, sender: Buffer, reader: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, Buffer.concat([sender, reader]), INFO, 32));
}

function boundBytes(reader: string, bound: string): Buffer {
  return Buffer.from(JSON.stringify([reader, bound]), 'utf8');
}

function rawKey(text: string): Buffer {
  return Buffer.from(text.slice(text.indexOf(':') + 1), 'base64url');
}

function publicKey(raw: Buffer): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: raw.toString('base64url') }, format: 'jwk' });
}
