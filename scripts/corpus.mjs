// Collects real BPF objects for the loader's tests: those embedded in the programs of Debian packages.
// Unpacks the packages into .cache/corpus/packages and carves the objects out into .cache/corpus.
// Arguments: package names; none means libbpf-tools.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const target = path.resolve(import.meta.dirname, '../.cache/corpus');
const packages = process.argv.length > 2 ? process.argv.slice(2) : ['libbpf-tools'];
const magic = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
const relocatableBpf = 0x00f70001;

/** Every 64-bit relocatable BPF object inside the bytes: from its header to the end of its section table. */
function* embeddedObjects(bytes) {
  for (let at = bytes.indexOf(magic, 0); at >= 0; at = bytes.indexOf(magic, at + 4)) {
    if (at + 64 > bytes.length || bytes.readUInt32LE(at + 16) !== relocatableBpf) continue;
    const end = Number(bytes.readBigUInt64LE(at + 40)) + bytes.readUInt16LE(at + 58) * bytes.readUInt16LE(at + 60);
    if (at + end <= bytes.length) yield bytes.subarray(at, at + end);
  }
}

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* files(file);
    else if (entry.isFile() && statSync(file).size >= 64) yield file;
  }
}

const unpacked = path.join(target, 'packages');
mkdirSync(unpacked, { recursive: true });
let count = 0;
for (const name of packages) {
  const folder = path.join(unpacked, name);
  mkdirSync(folder, { recursive: true });
  execFileSync('apt-get', ['download', name], { cwd: unpacked, stdio: 'ignore' });
  const archive = readdirSync(unpacked).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
  execFileSync('dpkg', ['-x', path.join(unpacked, archive), folder]);
  for (const file of files(folder)) {
    let number = 0;
    for (const object of embeddedObjects(readFileSync(file))) {
      const suffix = number++ === 0 ? '' : `-${number}`;
      writeFileSync(path.join(target, `${path.basename(file)}${suffix}.bpf.o`), object);
      count++;
    }
  }
}
console.log(`${count} objects in ${target}`);
