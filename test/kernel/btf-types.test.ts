import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findInvalidType, parseBtf, writeTypeScript } from '../../src/btf/index.ts';
import { compilerMessages } from '../support/btf/typescript-check.ts';

test("the compiler accepts declarations of all the kernel's types", { timeout: 120_000 }, () => {
  const btf = parseBtf(readFileSync('/sys/kernel/btf/vmlinux'));
  expect(findInvalidType(btf)).toBeUndefined();
  let text = '';
  writeTypeScript(btf, {
    write: (part) => {
      text += part;
    },
  });
  expect(text.match(/^export interface /gm)!.length).toBeGreaterThan(1000);
  expect(text).toMatch(/^export interface task_struct \{$/m);
  expect(compilerMessages(text)).toBe('');
});
