import type { SubscriptionResolvers } from '../generated/types.js';
import { imageChanged } from './imageChanged.js';
import { pullProgress } from './pullProgress.js';

export const Subscription: SubscriptionResolvers = { pullProgress, imageChanged };
