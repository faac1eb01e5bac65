/**
 * The log: pino, one JSON object a line on stderr (stdout is for answers).
 *
 * Secrets are removed here, by the serialiser, so that no call site can forget it: credentials in URLs, and the
 * fields that may hold any.
 */
import { pino, stdSerializers, type DestinationStream, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

const SECRET_FIELDS = ['password', 'token', 'authorization', 'credentials', 'cookie', '*.password', '*.token', '*.authorization', '*.credentials'];

export function createLogger(level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      redact: { paths: SECRET_FIELDS, censor: '***' },
      serializers: { err: serializeError },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  );
}

/** `user:password@` in anything that looks like a URL. */
export function withoutUrlCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@]*@/gi, '$1***@');
}

function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const serialized = stdSerializers.err(error);
  return {
    ...serialized,
    message: withoutUrlCredentials(serialized.message),
    ...(typeof serialized.stack === 'string' ? { stack: withoutUrlCredentials(serialized.stack) } : {}),
  };
}
