import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors/index.ts';
import { type AttachOrder, orderRequest } from '../../../src/loader/attach/order.ts';
import { findSection, sectionHandling } from '../../../src/object/index.ts';

const [before, after, id, link] = [8, 16, 32, 1 << 13];

describe('where a program goes among those of a hook', () => {
  it.each<[what: string, order: AttachOrder, flags: number, relative: number, revision: bigint]>([
    ['nowhere in particular', {}, 0, 0, 0n],
    ['to the begin', { place: 'before' }, before, 0, 0n],
    ['to the end, if nothing changed', { place: 'after', expectedRevision: 7n }, after, 0, 7n],
    ['before a program', { place: 'before', relativeTo: { kind: 'program', fd: 5 } }, before, 5, 0n],
    ['after a link by its id', { place: 'after', relativeTo: { kind: 'link', id: 9 } }, after | id | link, 9, 0n],
  ])('%s', (_what, order, flags, relative, revision) => {
    expect(orderRequest(order)).toEqual({ flags, relative, revision });
  });

  it.each([
    [{ relativeTo: { kind: 'program', fd: 5 } }],
    [{ place: 'before', relativeTo: { kind: 'program' } }],
    [{ place: 'before', relativeTo: { kind: 'link', fd: 5, id: 5 } }],
    [{ place: 'after', relativeTo: { kind: 'link', id: 0 } }],
    [{ place: 'after', relativeTo: { kind: 'program', fd: -1 } }],
  ])('%j says nothing', (order) => {
    expect(() => orderRequest(order as AttachOrder)).toThrow(UsageError);
  });
});

describe('what a section says of its program', () => {
  it('counts as long as the program has the type of the section', () => {
    const section = findSection('lsm.s/file_open')!;
    expect(sectionHandling({ section, type: section.programType })).toBe(section);
    expect(sectionHandling({ section })).toBe(section);
    expect(sectionHandling({ section, type: section.programType + 1 })).toBeUndefined();
    expect(sectionHandling({ section: undefined, type: 1 })).toBeUndefined();
  });
});
