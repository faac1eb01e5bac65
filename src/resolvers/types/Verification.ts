import type { VerificationFindingResolvers, VerificationResolvers } from '../generated/types.js';
import { systemOf } from '../system-of.js';

export const Verification: VerificationResolvers = {
  system: ({ _id }, _args, context) => systemOf(_id, context),
  isRepairing: ({ repairs }) => repairs,
  checkedImageCount: ({ imagesDone }) => imagesDone,
};

export const VerificationFinding: VerificationFindingResolvers = {
  pull: async ({ pullId }, _args, { services }) => (pullId === null ? null : ((await services.pullService.read(pullId)) ?? null)),
};
