/** How an image becomes a product: what differs between layers and a squashfs that is there already. */
import type { Admitted } from './admit.js';
import type { Conversion } from './results.js';
import type { PullContext } from './context.js';
import type { FetchedLayers } from './fetch-layers.js';

export interface Making {
  fetch(admitted: Pick<Admitted, 'keepsSegments'>): Promise<FetchedLayers>;
  convert(layers: FetchedLayers): Promise<Conversion>;
}

/** The way, for one try at it. */
export type MakingIn = (context: PullContext) => Making;
