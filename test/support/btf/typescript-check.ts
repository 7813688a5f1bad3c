// What the TypeScript compiler says about a text.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { BtfValue } from '../../../src/btf/index.ts';

const compiler = path.resolve(import.meta.dirname, '../../../node_modules/typescript/bin/tsc');

/** The compiler's messages; empty where it accepts the text as a module, strictly. */
export function compilerMessages(text: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-types-'));
  try {
    writeFileSync(path.join(folder, 'types.ts'), text);
    const words = [compiler, '--strict', '--noEmit', '--ignoreConfig', '--types', '', 'types.ts'];
    const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
    return stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A value as a TypeScript literal. */
export function literal(value: BtfValue): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object') {
    return `{ ${Object.entries(value)
      .map(([key, item]) => `[${JSON.stringify(key)}]: ${literal(item)}`)
      .join(', ')} }`;
  }
  return String(value);
}
