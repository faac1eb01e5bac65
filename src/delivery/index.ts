/** Delivery: publishing products on a system, safely, and looking after what lies there. */
export { checkPublished, faultOfFile, type ExpectedFile, type FileFault, type PublishedState } from './check.js';
export { createLocalTarget, type LocalTargetOptions } from './local-target.js';
export { publishedNames, type Folder, type TargetName } from './names.js';
export { probeTarget, PROBE_STEPS, type ProbeReport, type ProbeStep } from './probe.js';
export { publish, publishMetadata } from './publish.js';
export { publishWithRetries, type Retries } from './retries.js';
export { removeImage } from './remove.js';
export { DEFAULT_SSH_LIMITS, type SshAccount, type SshHost, type SshLimits } from './sftp/account.js';
export { SshConnections } from './sftp/connections.js';
export { createSftpTarget, type SftpTargetOptions } from './sftp/sftp-target.js';
export { surveyTarget, type Survey } from './survey.js';
export { sweepTemporary } from './sweep.js';
export { CLEAN_UP_MS } from './target.js';
export type { FileStat, Room, Target, Verification, WriteOptions } from './target.js';
export type { ImagePlacement, MetadataRequest, Product, PublishedFiles, PublishRequest } from './types.js';
