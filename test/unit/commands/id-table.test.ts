import { expect, it } from 'vitest';
import { IdTable } from '../../../src/commands/shared/id-table.ts';

it('lists the values of an id newest first while the table does not grow', () => {
  const table = new IdTable<string>();
  for (const value of ['a', 'b', 'c']) table.append(1, value);
  expect(table.get(1)).toEqual(['c', 'b', 'a']);
  expect(table.get(2)).toBeUndefined();
});

it('turns them around when it grows', () => {
  const table = new IdTable<number>();
  for (let value = 1; value <= 6; value++) table.append(1, value);
  expect(table.get(1)).toEqual([6, 5, 4, 1, 2, 3]);
  expect(table.size).toBe(6);
});
