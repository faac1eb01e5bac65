import { expect, it } from '@jest/globals';
import { parseAccessNames } from '../../src/access/access-names.js';

it('takes the names that name services have, each once', () => {
  const users = ['ada', 'ada', '_apt', 'a.b', 'x-y', 'ada@example.org', 'DOMAIN\\ada', 'machine$', '3d', 'Zoë'];
  expect(parseAccessNames({ users, groups: ['staff'] }, 10)).toEqual({ users: users.slice(1), groups: ['staff'] });
  expect(parseAccessNames({ users: null }, 0)).toEqual({ users: [], groups: [] });
});

it.each(['', ' ', 'a b', 'a,b', 'a:b', 'a/b', '-a', '1000', 'a\n', 'a\nb', 'a\0', '$', '\u202ea', 'x'.repeat(256)])('refuses %j by name', (name) => {
  for (const request of [{ users: ['ada', name] }, { groups: [name] }]) {
    expect(() => parseAccessNames(request, 10)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringContaining(JSON.stringify(name.slice(0, 255))) }));
  }
});

it('takes no more than the limit, of both together', () => {
  const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `a${String(at)}`);
  expect(parseAccessNames({ users: names(2), groups: names(1) }, 3).users).toHaveLength(2);
  expect(() => parseAccessNames({ users: names(2), groups: names(2) }, 3)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringMatching(/at most 3 .*maxAccessNames.* not 4/) }));
});
