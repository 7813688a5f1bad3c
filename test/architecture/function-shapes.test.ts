// What a caller has to remember of a function: at most five parameters.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from '@typescript/typescript6';
import { describe, expect, it } from 'vitest';

const src = path.resolve(import.meta.dirname, '../../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

/** Functions and methods, as `FILE:LINE NAME`, with the number of their parameters. */
function functionsOf(name: string): { place: string; parameters: number }[] {
  const source = ts.createSourceFile(name, readFileSync(path.join(src, name), 'utf8'), ts.ScriptTarget.ESNext, true);
  const found: { place: string; parameters: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      const place = `${name}:${line} ${node.name?.getText() ?? ''}`.trim();
      found.push({ place, parameters: node.parameters.length });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe('a function', () => {
  it('has at most five parameters', { timeout: 60_000 }, () => {
    const all = files.flatMap(functionsOf);
    expect(all.length).toBeGreaterThan(3000);
    expect(all.filter(({ parameters }) => parameters > 5).map(({ place }) => place)).toEqual([]);
  });
});
