import { describe, expect, it } from '@jest/globals';
import { redisOptions, withoutPassword } from '../../src/lib/redis-address.js';

describe('redisOptions', () => {
  it.each([
    ['redis://localhost', { host: 'localhost', port: 6379, db: 0 }],
    ['redis://u:p%40ss@[::1]:7000/3', { host: '::1', port: 7000, db: 3, username: 'u', password: 'p@ss' }],
    [
      'rediss://:secret@cache.example.org:6380',
      { host: 'cache.example.org', port: 6380, db: 0, password: 'secret', tls: {} },
    ],
    ['unix:///run/a%20b/redis.sock?db=2', { path: '/run/a b/redis.sock', db: 2 }],
  ])('reads %s', (address, options) => {
    expect(redisOptions(address)).toEqual(options);
  });

  it.each(['', 'localhost:6379', 'http://localhost', 'redis://', 'unix://', 'redis://localhost/one'])(
    'refuses "%s"',
    (address) => {
      expect(() => redisOptions(address)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
    },
  );

  it('does not repeat the password of a wrong address', () => {
    expect(() => redisOptions('http://u:secret@h')).toThrow(/^(?!.*secret)/s);
  });
});

describe('withoutPassword', () => {
  it.each([
    ['redis://u:p@h:1/2', 'redis://***@h:1/2'],
    ['mongodb://u:p/w@r@h1,h2/db?authSource=x', 'mongodb://***@h1,h2/db'],
    ['mongodb://h1/db', 'mongodb://h1/db'],
    ['mongodb+srv://u:p?q@h/db', 'mongodb+srv://***@h/db'],
    ['u:p@h', '***@h'],
  ])('shows %s as %s', (address, shown) => {
    expect(withoutPassword(address)).toBe(shown);
  });
});
