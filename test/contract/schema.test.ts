import { describe, expect, it } from '@jest/globals';
import { buildSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { readFileSync } from 'node:fs';
import { runChild } from '../../src/lib/child.js';
import { ERROR_CODES } from '../../src/lib/errors.js';

const root = new URL('../../', import.meta.url).pathname;
const schema = buildSchema(readFileSync(`${root}schema.graphql`, 'utf8'));

describe('the contract', () => {
  it('describes every type, field, argument and enum value', () => {
    const bare: string[] = [];
    const need = (description: string | null | undefined, where: string): void => {
      if ((description ?? '').trim() === '') bare.push(where);
    };
    for (const type of Object.values(schema.getTypeMap())) {
      if (type.name.startsWith('__')) continue;
      need(type.description, type.name);
      if (isEnumType(type)) for (const value of type.getValues()) need(value.description, `${type.name}.${value.name}`);
      if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) need(field.description, `${type.name}.${field.name}`);
      if (isObjectType(type) || isInterfaceType(type)) {
        for (const field of Object.values(type.getFields())) {
          need(field.description, `${type.name}.${field.name}`);
          for (const argument of field.args) need(argument.description, `${type.name}.${field.name}(${argument.name})`);
        }
      }
    }
    expect(bare).toEqual([]);
  });

  it('knows every code that the gateway can give, and no other', () => {
    const type = schema.getType('ErrorCode');
    expect(isEnumType(type) && type.getValues().map(({ name }) => name).sort()).toEqual(Object.keys(ERROR_CODES).sort());
  });

  it('is what the committed types and documents were generated from', async () => {
    await runChild({
      command: process.execPath,
      args: [`${root}node_modules/@graphql-codegen/cli/cjs/bin.js`, '--config', `${root}codegen.yml`, '--check'],
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
  });
});
