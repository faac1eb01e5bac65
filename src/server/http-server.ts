/**
 * HTTP and WebSocket: `/graphql` for both, `/healthz`, `/readyz`.
 */
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type Request, type Response } from 'express';
import { getOperationAST, GraphQLError, OperationTypeNode, parse, specifiedRules, validate } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { gatewayViewer } from '../access/viewer.js';
import { GatewayError, messageOf } from '../lib/errors.js';
import { createContext, type GatewayContext, type GatewayServices } from '../resolvers/context.js';
import { documentLimitsRule } from './limits.js';
import { createErrorMask } from './mask-error.js';
import { loadSchema } from './schema.js';

export interface HttpServerOptions {
  readonly services: GatewayServices;
  /** Rejects when something that the gateway needs does not answer. */
  readonly checkReady: () => Promise<void>;
}

export interface RunningHttpServer {
  /** `http://HOST:PORT/graphql` */
  readonly url: string;
  /** Sockets and subscriptions end; requests under way are answered. */
  close(): Promise<void>;
}

/**
 * @throws GatewayError CONFLICT when the port is taken.
 */
export async function startHttpServer({ services, checkReady }: HttpServerOptions): Promise<RunningHttpServer> {
  const { config, log } = services;
  const { apiLimits } = config;
  const schema = loadSchema();
  const mask = createErrorMask(log);
  const rules = [documentLimitsRule(apiLimits)];
  const viewer = gatewayViewer();
  let closing = false;

  const apollo = new ApolloServer<GatewayContext>({
    schema,
    introspection: apiLimits.introspection,
    csrfPrevention: true,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxLexicalTokens: apiLimits.maxTokens },
    validationRules: rules,
    includeStacktraceInErrorResponses: false,
    formatError: (_formatted, error) => mask(error),
    plugins: [ApolloServerPluginLandingPageDisabled()],
    logger: { debug: () => {}, info: () => {}, warn: (message: unknown) => log.warn(String(message)), error: (message: unknown) => log.error(String(message)) },
  });
  await apollo.start();

  const app = express();
  app.disable('x-powered-by');
  app.get('/healthz', (_request: Request, response: Response) => void response.json({ status: 'ok' }));
  app.get('/readyz', (_request: Request, response: Response) => {
    if (closing) return void response.status(503).json({ status: 'closing' });
    checkReady().then(
      () => void response.json({ status: 'ready' }),
      (error: unknown) => void response.status(503).json({ status: 'not ready', reason: messageOf(error) }),
    );
  });
  app.use(
    '/graphql',
    express.json({ limit: apiLimits.requestBytes }),
    expressMiddleware(apollo, {
      context: ({ res }) => {
        const controller = new AbortController();
        res.on('close', () => controller.abort(new GatewayError('CANCELLED', 'The caller has gone.')));
        return Promise.resolve(createContext(viewer, services, controller.signal));
      },
    }),
  );

  const http = createServer((request, response) => void app(request, response));
  const addressOf = new WeakMap<object, string>();
  // Before the sockets: they report a port that is taken once more, in their own way.
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error) => {
      reject(new GatewayError('CONFLICT', `Can't listen on ${config.host}:${String(config.port)}: ${error.message}. Choose another port with --port.`, { cause: error }));
    });
    http.listen(config.port, config.host, resolve);
  });
  const sockets = new WebSocketServer({
    server: http,
    path: '/graphql',
    maxPayload: apiLimits.websocketPayloadBytes,
    verifyClient: ({ req }, decide) => {
      const address = req.socket.remoteAddress ?? '';
      const open = [...sockets.clients].filter((client) => addressOf.get(client) === address).length;
      if (open < apiLimits.socketsPerAddress) return decide(true);
      decide(false, 429, 'Too Many Requests');
    },
  });
  sockets.on('connection', (socket, request) => addressOf.set(socket, request.socket.remoteAddress ?? ''));
  const openOn = new WeakMap<object, number>();
  const websocket = useServer(
    {
      schema,
      context: (): GatewayContext => createContext(viewer, services, new AbortController().signal),
      onSubscribe(context, _id, payload) {
        const open = openOn.get(context.extra) ?? 0;
        if (open >= apiLimits.subscriptionsPerSocket) return [refused(`A socket can have ${String(apiLimits.subscriptionsPerSocket)} subscriptions; open another one.`)];
        let document;
        try {
          document = parse(payload.query, { maxLexicalTokens: apiLimits.maxTokens });
        } catch (error) {
          return [error instanceof GraphQLError ? error : refused('The document could not be read.')];
        }
        // graphql-ws would run queries and mutations too, past everything that HTTP has in front of them.
        if (getOperationAST(document, payload.operationName)?.operation !== OperationTypeNode.SUBSCRIPTION) {
          return [refused('Only subscriptions go over the WebSocket; send queries and mutations over HTTP.')];
        }
        const errors = validate(schema, document, [...specifiedRules, ...rules]);
        if (errors.length > 0) return errors;
        openOn.set(context.extra, open + 1);
        return undefined;
      },
      onComplete(context) {
        openOn.set(context.extra, Math.max(0, (openOn.get(context.extra) ?? 0) - 1));
      },
      onError: (_context, _id, _payload, errors) => errors.map((error) => mask(error)),
      onNext(_context, _id, _payload, _args, result) {
        if (result.errors === undefined) return undefined;
        const { data, errors } = result;
        return { ...(data === undefined ? {} : { data }), errors: errors.map((error) => mask(error)) };
      },
    },
    sockets,
  );

  const { address, port, family } = http.address() as AddressInfo;
  const host = family === 'IPv6' ? `[${address}]` : address;

  return {
    url: `http://${host}:${String(port)}/graphql`,
    async close() {
      closing = true;
      await websocket.dispose();
      await apollo.stop();
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      http.closeIdleConnections();
      setTimeout(() => http.closeAllConnections(), 2000).unref();
      await closed;
    },
  };
}

function refused(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}
