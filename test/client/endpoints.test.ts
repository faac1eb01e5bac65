import { describe, expect, it } from '@jest/globals';
import { endpointsOf } from '../../src/client/endpoints.js';

describe('addresses of a gateway', () => {
  it.each([
    ['http://gw:7171', 'http://gw:7171/graphql', 'ws://gw:7171/graphql'],
    ['http://gw:7171/', 'http://gw:7171/graphql', 'ws://gw:7171/graphql'],
    ['http://gw:7171/graphql', 'http://gw:7171/graphql', 'ws://gw:7171/graphql'],
    ['https://site.org/images/graphql', 'https://site.org/images/graphql', 'wss://site.org/images/graphql'],
    ['http://[::1]:7171', 'http://[::1]:7171/graphql', 'ws://[::1]:7171/graphql'],
    ['https://site.org/#top', 'https://site.org/graphql', 'wss://site.org/graphql'],
  ])('%s', (address, http, webSocket) => {
    expect(endpointsOf(address)).toEqual({ http, webSocket });
  });

  it.each(['', 'gw:7171', 'localhost', 'ftp://gw', '/graphql'])('refuses %j', (address) => {
    expect(() => endpointsOf(address)).toThrow(expect.objectContaining({ code: 'BAD_URL' }));
  });

  it('refuses a password in the address, and does not repeat it', () => {
    expect(() => endpointsOf('http://me:hunter2@gw')).toThrow(expect.objectContaining({ code: 'BAD_URL' }));
    expect(() => endpointsOf('http://me:hunter2@gw')).not.toThrow(/hunter2/);
  });
});
