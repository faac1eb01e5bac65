/**
 * Who a leftover belongs to. Workers that share a cache directory announce themselves in it, so that the files of
 * one that died can be told from those of one that is at work.
 */
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const Card = z.object({ host: z.string(), boot: z.string(), pid: z.number().int(), started: z.string() });
/** A worker on another machine that has not been heard of for so long (ms) is dead. */
const SILENCE_MS = 24 * 3_600_000;

/** Writes the card of this process. `owner` is a file name. */
export async function announceOwner(directory: string, owner: string): Promise<void> {
  const card = {
    host: hostname(),
    boot: await bootId(),
    pid: process.pid,
    started: await startTime(process.pid),
  };
  await writeFile(join(directory, owner), JSON.stringify(card), { mode: 0o600 });
}

/** Says that this owner is still there, for workers on other machines. */
export async function refreshOwner(directory: string, owner: string): Promise<void> {
  const now = new Date();
  await utimes(join(directory, owner), now, now).catch(() => announceOwner(directory, owner));
}

/** False when the owner's process is known to be gone, or it never announced itself. */
export async function isOwnerAlive(directory: string, owner: string, ageMs: number): Promise<boolean> {
  const text = await readFile(join(directory, owner), 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  let parsed: ReturnType<typeof Card.safeParse>;
  try {
    parsed = Card.safeParse(JSON.parse(text));
  } catch {
    // Cut off while it was written: by a crash, or just now.
    return ageMs < SILENCE_MS;
  }
  if (!parsed.success) return false;
  const { host, boot, pid, started } = parsed.data;
  if (host !== hostname()) return ageMs < SILENCE_MS;
  // The start time tells the process from a later one with the same number.
  return boot === (await bootId()) && started !== '' && started === (await startTime(pid));
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
}

/** Field 22 of /proc/<pid>/stat (proc(5)), counted from behind the name, which may hold anything. */
async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
