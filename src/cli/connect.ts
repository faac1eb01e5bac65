/**
 * The client that the global options and the environment ask for.
 */
import type { Command } from 'commander';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { createGatewayClient, type GatewayClient } from '../client/index.js';
import type { CliIo } from './io.js';

export const DEFAULT_URL = 'http://127.0.0.1:7171/graphql';

const globalOptions = z.object({
  url: z.string().optional(),
  token: z.string().optional(),
  json: z.boolean().default(false),
});

export interface Connection {
  readonly client: GatewayClient;
  /** True when output is for programs. */
  readonly json: boolean;
}

/** A host that swallows packets must not hold up the end of the process for minutes. */
class GatewaySocket extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols, { handshakeTimeout: 10_000 });
  }
}

/** Options that every command takes, before or after its name. */
export function addGlobalOptions(program: Command): void {
  program
    .option('--url <url>', `address of the gateway (or IMAGEGW_URL; default ${DEFAULT_URL})`)
    .option(
      '--token <token>',
      'token for the gateway; other users of this machine can see it: better IMAGEGW_TOKEN',
    )
    .option('--json', 'output for programs: one JSON object a line');
}

/** @throws GatewayClientError BAD_URL. */
export function connect(command: Command, io: CliIo): Connection {
  const options = globalOptions.parse(command.optsWithGlobals());
  // An empty variable is as good as none.
  const fromEnvironment = (name: string): string | undefined => io.environment[name] || undefined;
  return {
    client: createGatewayClient({
      url: options.url ?? fromEnvironment('IMAGEGW_URL') ?? DEFAULT_URL,
      token: options.token ?? fromEnvironment('IMAGEGW_TOKEN'),
      webSocketImpl: GatewaySocket,
    }),
    json: options.json,
  };
}
