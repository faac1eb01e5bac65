import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { configurationDocument } from '../../src/config/document.js';

it('docs/configuration.md is what the tables of keys say', () => {
  expect(readFileSync('docs/configuration.md', 'utf8')).toBe(configurationDocument());
});
