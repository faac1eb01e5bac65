/**
 * The service's own login at an endpoint: from its settings, from a file in the form of Docker's `config.json`, or from
 * a credential helper (docker-credential-helpers protocol: the host on stdin, JSON on stdout).
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { GatewayError, messageOf } from '../lib/errors.js';
import { startChild } from '../lib/child.js';
import { isDockerHubHost, type EndpointSettings, type RegistryLogin } from './settings.js';

const dockerConfig = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().optional(),
        username: z.string().optional(),
        password: z.string().optional(),
        identitytoken: z.string().optional(),
        registrytoken: z.string().optional(),
      }),
    )
    .default({}),
  credHelpers: z.record(z.string(), z.string()).default({}),
  credsStore: z.string().optional(),
});
const helperAnswer = z.object({ Username: z.string(), Secret: z.string() });
const HELPER_LIMIT_MS = 30_000;
/** What a helper says instead of a login. */
const NO_LOGIN = /credentials not found/i;

/**
 * @returns undefined when there is none.
 * @throws GatewayError BAD_CONFIG when a file or helper can't be used.
 */
export async function serviceLogin(
  settings: Pick<EndpointSettings, 'url' | 'credentials' | 'credentialsFile' | 'credentialHelper'>,
  signal: AbortSignal,
): Promise<RegistryLogin | undefined> {
  if (settings.credentials !== undefined) return settings.credentials;
  const { host } = new URL(settings.url);
  if (settings.credentialHelper !== undefined)
    return await askHelper(settings.credentialHelper, host, signal);
  return settings.credentialsFile === undefined
    ? undefined
    : await readFromFile(settings.credentialsFile, host, signal);
}

async function readFromFile(file: string, host: string, signal: AbortSignal): Promise<RegistryLogin | undefined> {
  let content: z.infer<typeof dockerConfig>;
  try {
    content = dockerConfig.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    // Without the cause: the text of a parser can hold a piece of the file.
    const why = messageOf(error).startsWith('ENOENT')
      ? 'it is not there'
      : "it can't be read, or is not of that form";
    throw new GatewayError(
      'BAD_CONFIG',
      `The credentials file ${file} is no use: ${why}. Expected Docker's config.json.`,
    );
  }
  const helper =
    Object.entries(content.credHelpers).find(([key]) => sameHost(key, host))?.[1] ?? content.credsStore;
  const entry = Object.entries(content.auths).find(([key]) => sameHost(key, host))?.[1];
  // An empty text is none.
  if (helper !== undefined && helper !== '') return await askHelper(helper, host, signal);
  if (entry === undefined) return undefined;
  const { registrytoken: registryToken = '', identitytoken: identityToken = '' } = entry;
  if (registryToken !== '') return { registryToken: headerSafe(registryToken, file) };
  if (identityToken !== '') return { identityToken };
  const pair =
    entry.auth === undefined || entry.auth === ''
      ? undefined
      : Buffer.from(entry.auth, 'base64').toString('utf8');
  // A password may hold colons, a user name can't.
  const colon = pair?.indexOf(':') ?? -1;
  const username = pair === undefined || colon < 0 ? entry.username : pair.slice(0, colon);
  const password = pair === undefined || colon < 0 ? entry.password : pair.slice(colon + 1);
  return username === undefined || password === undefined
    ? undefined
    : { username, password };
}

/** @throws GatewayError BAD_CONFIG for what no header can carry, without showing it. */
function headerSafe(token: string, file: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new GatewayError('BAD_CONFIG', `The credentials file ${file} is no use: a "registrytoken" in it is no token.`);
}

async function askHelper(name: string, host: string, signal: AbortSignal): Promise<RegistryLogin | undefined> {
  const command = name.includes('/') ? name : `docker-credential-${name}`;
  const server = isDockerHubHost(host) ? 'https://index.docker.io/v1/' : host;
  const child = startChild({
    command,
    args: ['get'],
    stdin: 'pipe',
    stdout: 'pipe',
    signal,
    timeLimitMs: HELPER_LIMIT_MS,
    errorCode: 'BAD_CONFIG',
  });
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => {
    if (chunks.length < 100) chunks.push(chunk);
  });
  child.stdin?.end(`${server}\n`);
  try {
    await child.done;
  } catch (error) {
    const said = Buffer.concat(chunks).toString('utf8');
    if (NO_LOGIN.test(said) || NO_LOGIN.test(child.stderrTail())) return undefined;
    throw error;
  }
  let answer: z.infer<typeof helperAnswer>;
  try {
    answer = helperAnswer.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  } catch {
    throw new GatewayError(
      'BAD_CONFIG',
      `The credential helper ${command} gives no login for ${host} in the form that Docker defines.`,
    );
  }
  // The protocol's way to say that the secret is an identity token.
  if (answer.Username === '<token>') return { identityToken: answer.Secret };
  return { username: answer.Username, password: answer.Secret };
}

/** Keys of `config.json` are hosts, or URLs of old (`https://index.docker.io/v1/`). */
function sameHost(key: string, host: string): boolean {
  const named = key.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return named === host || (isDockerHubHost(named) && isDockerHubHost(host));
}
