// What other folders import of inventory/.
export { allParts, InventoryReader, takeInventory, usualParts } from './collect.ts';
export { type Change, differences } from './diff.ts';
export {
  documentFormat,
  documentVersion,
  type InventoryDocument,
  inventoryText,
  type KeptElements,
  plainJson,
  readInventoryText,
} from './document.ts';
export { type Graph, type GraphEdge, graphOf, type GraphNode } from './graph.ts';
export { allRecords, identityOf } from './identity.ts';
export { type CountedKind, type ObjectNumbers, referenceCounts } from './iterators.ts';
export type * from './records.ts';
export { likelyCauses, type Reference, referencesTo, type SharedFiles, titleOf } from './references.ts';
export { type ObjectHandle, recordOf, recordsOf } from './select.ts';
