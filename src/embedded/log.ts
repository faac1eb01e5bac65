/** What the embedded servers tell; a pino logger is one. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
}
