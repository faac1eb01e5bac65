/**
 * A GraphQL server made from the contract, over real HTTP and real WebSockets, that answers what a test has scripted.
 */
import { makeExecutableSchema } from '@graphql-tools/schema';
import { graphql, GraphQLError, type GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { EventEmitter, on, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { WebSocketServer } from 'ws';
import type { PullState } from '../../src/client/index.js';

type Arguments = Record<string, unknown>;

/** The answer to a root field; may throw (see `refusal`) or take its time. */
export type Answer = (args: Arguments) => unknown;

export interface GatewayCall {
  readonly field: string;
  readonly args: Arguments;
}

/** An error with a code, as the gateway sends it beside the data. */
export function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

/** The events of one pull. */
export class PullScript {
  readonly #subscribers = new Set<EventEmitter>();
  readonly #changes = new EventEmitter();
  #newest: PullState | undefined;
  /** When set, a subscription is refused with what this gives. */
  refuse: (() => Error) | undefined;

  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /** Sent to those who listen now, and first to those who come later. */
  emit(state: PullState): void {
    this.#newest = state;
    for (const subscriber of this.#subscribers) subscriber.emit('state', state);
  }

  /** Ends the streams without a terminal state. */
  complete(): void {
    for (const subscriber of this.#subscribers) subscriber.emit('complete');
  }

  /** Resolves with the next subscription. */
  async subscribed(): Promise<void> {
    await once(this.#changes, 'subscribed');
  }

  /** Resolves when nobody listens any more. */
  async deserted(): Promise<void> {
    while (this.#subscribers.size > 0) await once(this.#changes, 'unsubscribed');
  }

  subscribe(): AsyncIterableIterator<{ pullProgress: PullState }> {
    if (this.refuse !== undefined) throw this.refuse();
    const subscriber = new EventEmitter();
    const events = on(subscriber, 'state', { close: ['complete'] });
    this.#subscribers.add(subscriber);
    const leave = (): void => {
      this.#subscribers.delete(subscriber);
      this.#changes.emit('unsubscribed');
    };
    if (this.#newest !== undefined) subscriber.emit('state', this.#newest);
    this.#changes.emit('subscribed');
    return {
      async next() {
        const event = (await events.next()) as IteratorResult<[PullState]>;
        if (event.done === true) {
          leave();
          return { done: true, value: undefined };
        }
        return { done: false, value: { pullProgress: event.value[0] } };
      },
      async return() {
        leave();
        await events.return?.();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}

export class ScriptedGateway {
  /** Every root field of a query or mutation that was asked for, in order. */
  readonly calls: GatewayCall[] = [];
  readonly answers: Record<string, Answer>;
  /** What `connectionParams.authorization` and the header `authorization` must be; anything when not set. */
  authorization: string | undefined;
  /** When set, every HTTP request is answered so, without GraphQL. */
  plainAnswer: { readonly status: number; readonly body: string } | undefined;
  readonly #pulls = new Map<string, PullScript>();
  readonly #schema: GraphQLSchema;
  #server: Server | undefined;
  #sockets: WebSocketServer | undefined;
  #port = 0;

  private constructor(answers: Record<string, Answer>) {
    this.answers = answers;
    this.#schema = this.#makeSchema();
  }

  static async start(answers: Record<string, Answer> = {}): Promise<ScriptedGateway> {
    const gateway = new ScriptedGateway(answers);
    await gateway.resume();
    return gateway;
  }

  /** Without the path: clients have to find it. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The script of a pull; made when first asked for. */
  pull(id: string): PullScript {
    const script = this.#pulls.get(id) ?? new PullScript();
    this.#pulls.set(id, script);
    return script;
  }

  callsOf(field: string): Arguments[] {
    return this.calls.filter((call) => call.field === field).map((call) => call.args);
  }

  /** Goes as a killed process goes: every connection breaks. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    for (const socket of this.#sockets?.clients ?? []) socket.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** Listens again, on the same port. */
  async resume(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    const sockets = new WebSocketServer({ server, path: '/graphql' });
    useServer(
      {
        schema: this.#schema,
        onConnect: ({ connectionParams }) => this.#isAllowed(connectionParams?.['authorization']),
      },
      sockets,
    );
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#sockets = sockets;
  }

  #isAllowed(authorization: unknown): boolean {
    return this.authorization === undefined || authorization === this.authorization;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    if (this.plainAnswer !== undefined) {
      response.writeHead(this.plainAnswer.status).end(this.plainAnswer.body);
      return;
    }
    if (request.url !== '/graphql') {
      response.writeHead(404).end('There is nothing here.');
      return;
    }
    const { query, variables } = JSON.parse(body) as { query: string; variables: Arguments };
    const result = this.#isAllowed(request.headers.authorization)
      ? await graphql({ schema: this.#schema, source: query, variableValues: variables })
      : { errors: [refusal('UNAUTHENTICATED', 'The token is not valid.')] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  }

  #makeSchema(): GraphQLSchema {
    const resolve = (field: string) => (_root: unknown, args: Arguments) => {
      this.calls.push({ field, args });
      const answer = this.answers[field];
      if (answer === undefined) throw new GraphQLError(`The test has no answer to ${field}.`);
      return answer(args);
    };
    const resolvers = (fields: readonly string[]): Record<string, unknown> =>
      Object.fromEntries(fields.map((field) => [field, resolve(field)]));
    return makeExecutableSchema({
      typeDefs: readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'),
      resolvers: {
        Query: resolvers(['image', 'images', 'pull', 'system']),
        Mutation: resolvers(['pullImage', 'cancelPull', 'expireImage']),
        Subscription: {
          pullProgress: {
            subscribe: (_root: unknown, { id }: { id: string }) => this.pull(id).subscribe(),
          },
        },
      },
    });
  }
}
