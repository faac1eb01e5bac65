/**
 * Private keys, read and unlocked. Trying a passphrase is made to be slow, and keeps the event loop for most of a second: it
 * is done once for each key and passphrase, and not for each connection.
 */
import { createHash } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';

/** More are not kept; a site has a few. */
const MOST_KEPT = 64;

const tried = new Map<string, ParsedKey | Error>();

/** The key, or what is wrong with it or with its passphrase. */
export function unlockKey(text: Buffer, passphrase: string | undefined): ParsedKey | Error {
  const id = createHash('sha256')
    .update(text)
    .update('\0')
    .update(passphrase ?? '')
    .digest('hex');
  const known = tried.get(id);
  if (known !== undefined) return known;
  // Several at once can't be in one file of the formats that are read.
  const unlocked: ParsedKey | Error = ssh2.utils.parseKey(text, passphrase);
  const [oldest] = tried.keys();
  if (tried.size >= MOST_KEPT && oldest !== undefined) tried.delete(oldest);
  tried.set(id, unlocked);
  return unlocked;
}
