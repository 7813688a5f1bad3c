export function embeddedObjects(bytes: Buffer): Generator<Buffer>;
export function objectsBelow(folder: string): Generator<{ object: Buffer; name: string }>;
