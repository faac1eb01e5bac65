import { GatewayError } from './errors.js';

/** Why work stops that goes on elsewhere: what it has left is there to be built upon, and nobody's to clean up here. */
export class HandedOn extends GatewayError {}
