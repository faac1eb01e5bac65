/** How refusals of an SFTP server read. Its answers are few: what is behind a plain "Failure" is found out here. */
import { GatewayError, messageOf } from '../../lib/errors.js';
import { deliveryFailed, noSpace } from '../failures.js';
import { STATUS, statusOf, type SftpChannel } from './channel.js';

export interface RefusedStep {
  /** What was tried, as in "write". */
  readonly doing: string;
  /** To what: with the host, for the message, and as the server knows it. */
  readonly shown: string;
  readonly path: string;
  /** The image directory on the server, and the user there. */
  readonly directory: string;
  readonly user: string;
  /** Bytes that were still to be written. */
  readonly needBytes: number;
  /** For steps that must not find the name taken. */
  readonly wantsFreeName: boolean;
}

/** Turns what a step threw into what a reader can act on. */
export async function explainRefusal(error: unknown, step: RefusedStep, channel: SftpChannel): Promise<unknown> {
  const status = statusOf(error);
  if (error instanceof GatewayError || status === undefined) return error;
  const say = (why: string): GatewayError => deliveryFailed(`Can't ${step.doing} ${step.shown}: ${why}`, error);
  if (status === STATUS.permissionDenied) {
    return say(`permission denied. The gateway logs in as ${step.user}: give that user the right to write in ${step.directory}.`);
  }
  if (status === STATUS.noSuchFile) return say('it is not there. Find out who removed it, and try again.');
  const room = channel.extensions.has('statvfs@openssh.com') ? await channel.statvfs(step.directory).catch(() => undefined) : undefined;
  if (room?.isReadOnly === true) return say(`the file system is mounted read-only. Mount ${step.directory} writable for ${step.user}.`);
  const found = await channel.lstat(step.path).catch(() => undefined);
  if (found?.isDirectory() === true) return say('a directory has that name. Find out who put it there, and remove it.');
  if (step.needBytes > 0 && room !== undefined && (room.freeBytes < step.needBytes || !room.hasInodes)) {
    return noSpace(step.shown, step.needBytes, room.freeBytes, error);
  }
  // Asked after the room: once made, the file that could not be filled has that name itself.
  if (step.wantsFreeName && found !== undefined) return say('something else has that name, maybe another worker with the same pull. Try again.');
  return say(`the server says "${messageOf(error)}". Look at quotas and at the file system of ${step.directory}, and try again.`);
}
