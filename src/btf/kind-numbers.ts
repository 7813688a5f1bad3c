// Kind numbers once more, as constants that the bundler puts where they are named: loops over all types choose by kind,
// and V8 makes a table only of a switch over numbers that it sees. Elsewhere `Kind` of records.ts does.
export const kindInt = 1;
export const kindPtr = 2;
export const kindArray = 3;
export const kindStruct = 4;
export const kindUnion = 5;
export const kindEnum = 6;
export const kindFwd = 7;
export const kindTypedef = 8;
export const kindVolatile = 9;
export const kindConst = 10;
export const kindRestrict = 11;
export const kindFunc = 12;
export const kindFuncProto = 13;
export const kindVar = 14;
export const kindDatasec = 15;
export const kindFloat = 16;
export const kindDeclTag = 17;
export const kindTypeTag = 18;
export const kindEnum64 = 19;
