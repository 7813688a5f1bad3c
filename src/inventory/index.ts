export { allParts, InventoryReader, takeInventory, usualParts } from './collect.ts';
export { allRecords, identityOf } from './identity.ts';
export { type CountedKind, type ObjectNumbers, referenceCounts } from './iterators.ts';
export type * from './records.ts';
