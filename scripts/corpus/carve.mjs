// Finds BPF objects inside the files of an unpacked package.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const magic = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
/** Type (relocatable) and machine (BPF) of an ELF header, as one little-endian word. */
const relocatableBpf = 0x00f70001;
const headerSize = 64;
const sectionHeaderSize = 64;

/** Every 64-bit relocatable BPF object inside the bytes: from its header to the end of its section table. */
export function* embeddedObjects(bytes) {
  for (let at = bytes.indexOf(magic, 0); at >= 0; at = bytes.indexOf(magic, at + 4)) {
    if (at + headerSize > bytes.length || bytes.readUInt32LE(at + 16) !== relocatableBpf) continue;
    if (bytes.readUInt16LE(at + 58) !== sectionHeaderSize) continue;
    const table = bytes.readBigUInt64LE(at + 40);
    const end = at + Number(table) + sectionHeaderSize * bytes.readUInt16LE(at + 60);
    if (table >= headerSize && end <= bytes.length) yield bytes.subarray(at, end);
  }
}

/** The objects in all files of a folder, with the base name of the file each was found in. */
export function* objectsBelow(folder) {
  for (const file of filesBelow(folder)) {
    for (const object of embeddedObjects(readFileSync(file))) yield { object, name: path.basename(file) };
  }
}

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(file);
    else if (entry.isFile() && statSync(file).size >= headerSize) yield file;
  }
}
