/**
 * The GraphQL over HTTP specification, audited against the real server by the audits of graphql-http.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import type { RunningGateway } from '../../src/gateway.js';
import { makeSite, startInProcess, type Site } from '../support/gateway.js';
import { startTestStack, type TestStack } from '../support/stack.js';

let stack: TestStack;
let site: Site;
let gateway: RunningGateway;

beforeAll(async () => {
  stack = await startTestStack();
  site = makeSite(stack, 'http://localhost:1');
  gateway = await startInProcess(site, { api: true, worker: false });
});

afterAll(async () => {
  await gateway.close();
  await stack.stop();
  site.remove();
});

const audits = serverAudits({ url: () => gateway.url!, fetchFn: fetch });

/** Recommendations that are not followed, and why. The requirements (MUST) are all met. */
const NOT_FOLLOWED: Readonly<Record<string, string>> = {
  // Apollo answers 400 for a document that can't be run, whatever the client accepts, which scripts notice sooner.
  '572B': 'status of a document that can not be parsed',
  FDE2: 'status of a document that is not valid',
  '7B9B': 'status of variables that do not fit',
  // A GET without a header that browsers add for nobody else is refused: other sites could send it (CSRF).
  '5A70': 'simple GET requests',
  D6D5: 'simple GET requests',
  '6A70': 'simple GET requests',
};

it.each(audits)('$id $name', async ({ id, name, fn }) => {
  const { status } = await fn();
  if (name.startsWith('MUST ')) expect(status).toBe('ok');
  // Also the other way round, so that the list says nothing that is not so.
  expect(status === 'ok').toBe(!(id in NOT_FOLLOWED));
});

it('a GET with such a header is answered', async () => {
  const url = `${gateway.url!}?${new URLSearchParams({ query: '{ about { version } }' }).toString()}`;
  const response = await fetch(url, { headers: { 'apollo-require-preflight': 'true' } });
  expect(await response.json()).toEqual({ data: { about: { version: 'test' } } });
});
