/**
 * States of pulls for tests, as the gateway sends them.
 */
import type { ImageDetail, PullLayer, PullState } from '../../src/client/index.js';

export const IMAGE_ID = 'ab'.repeat(32);
export const MIB = 1024 * 1024;

export function layerState(digit: string, changes: Partial<PullLayer> = {}): PullLayer {
  return {
    digest: `sha256:${digit.repeat(64).slice(0, 64)}`,
    size: 10 * MIB,
    state: 'WAITING',
    bytesDone: 0,
    fromCache: false,
    attempt: 0,
    waitingFor: null,
    servedBy: null,
    ...changes,
  };
}

export function pullState(sequence: number, changes: Partial<PullState> = {}): PullState {
  return {
    id: 'pull-1',
    reference: 'docker.io/library/alpine:latest',
    system: { name: 'perlmutter' },
    platform: 'linux/amd64',
    state: 'QUEUED',
    stage: 'QUEUE',
    message: null,
    sequence,
    attempt: 0,
    bytesTotal: null,
    bytesDone: 0,
    bytesDelivered: null,
    layers: [],
    queuePosition: null,
    image: null,
    error: null,
    isStale: false,
    identity: null,
    createdAt: '2026-01-31T12:00:00.000Z',
    startedAt: null,
    finishedAt: null,
    ...changes,
  };
}

export function readyState(sequence: number, changes: Partial<PullState> = {}): PullState {
  return pullState(sequence, {
    state: 'READY',
    stage: null,
    image: {
      imageId: IMAGE_ID,
      path: `/images/${IMAGE_ID}.squashfs`,
      size: 20 * MIB,
      sha256: `sha256:${'c'.repeat(64)}`,
    },
    finishedAt: '2026-01-31T12:00:12.000Z',
    ...changes,
  });
}

export function failedState(
  sequence: number,
  error: Partial<NonNullable<PullState['error']>> = {},
): PullState {
  return pullState(sequence, {
    state: 'FAILED',
    stage: null,
    error: {
      code: 'BAD_LAYER',
      message: 'Layer 2 is not what it should be.',
      stage: 'FETCH',
      retryable: false,
      ...error,
    },
  });
}

export function imageDetail(changes: Partial<ImageDetail> = {}): ImageDetail {
  return {
    imageId: IMAGE_ID,
    system: { name: 'perlmutter' },
    tags: [
      {
        reference: 'docker.io/library/alpine:latest',
        platform: null,
        movedAt: '2026-01-31T12:00:00.000Z',
        checkedAt: '2026-01-31T12:00:00.000Z',
      },
    ],
    manifestDigest: `sha256:${IMAGE_ID}`,
    configDigest: `sha256:${'d'.repeat(64)}`,
    platform: 'linux/amd64',
    path: `/images/${IMAGE_ID}.squashfs`,
    size: 20 * MIB,
    sha256: `sha256:${'c'.repeat(64)}`,
    isPublic: true,
    createdAt: '2026-01-31T12:00:00.000Z',
    expiresAt: null,
    format: 'squashfs',
    packer: 'mksquashfs 4.5.1',
    entryCount: 1,
    layers: [],
    environment: [],
    entrypoint: [],
    command: [],
    workingDirectory: null,
    user: null,
    labels: [],
    changes: [],
    ...changes,
  };
}
