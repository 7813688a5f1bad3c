// Takes the type information out of a kernel's boot image, and modules out of their folder.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SetupError } from '../lib/setup-error.mjs';

/** How many modules of each kernel are taken, evenly spread over the alphabet. */
const modulesOfEach = 12;

/** How a kernel's payload, or a module, says how it is compressed: magic bytes → a program and its words. */
const compressions = [
  ['fd377a585a00', ['xz', '--single-stream', '-dc']],
  ['28b52ffd', ['zstd', '-dc']],
  ['02214c18', ['lz4', '-dc']],
  ['1f8b', ['gzip', '-dc']],
];

/**
 * The kernel's own BTF as a file and unpacked modules that have some (none before Linux 5.11); extracts them once.
 * @returns {{vmlinux: string, modules: string[]}} paths
 */
export function kernelBtf({ version, image, modules }, project) {
  const folder = path.join(project, '.cache/corpus/kernels', version);
  if (!existsSync(folder)) {
    const fresh = `${folder}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(path.join(fresh, 'modules'), { recursive: true });
    const btf = section(unpackImage(readFileSync(image)), '.BTF');
    if (btf === undefined) throw new SetupError(`the kernel ${version} has no .BTF section`);
    writeFileSync(path.join(fresh, 'vmlinux'), btf);
    for (const [name, bytes] of someModules(modules)) writeFileSync(path.join(fresh, 'modules', name), bytes);
    renameSync(fresh, folder);
  }
  const below = path.join(folder, 'modules');
  const names = readdirSync(below).sort();
  return { vmlinux: path.join(folder, 'vmlinux'), modules: names.map((name) => path.join(below, name)) };
}

/** The ELF file inside a bzImage. Source: the setup header in the kernel's Documentation/arch/x86/boot.rst. */
function unpackImage(image) {
  if (image.toString('latin1', 0x202, 0x206) !== 'HdrS') throw new SetupError('the kernel image is no bzImage');
  const start = ((image[0x1f1] || 4) + 1) * 512 + image.readUInt32LE(0x248);
  return unpacked(image.subarray(start, start + image.readUInt32LE(0x24c)));
}

function unpacked(bytes) {
  const found = compressions.find(([magic]) => bytes.toString('hex', 0, magic.length / 2) === magic);
  if (found === undefined) return bytes;
  const [program, ...words] = found[1];
  const result = spawnSync(program, words, { input: bytes, maxBuffer: 1 << 29 });
  // After a kernel's payload stands its size, which the programs complain about once they have written all.
  if (result.error !== undefined || result.stdout.length === 0)
    throw new SetupError(`${program} cannot unpack a kernel`);
  return result.stdout;
}

/** `[name, bytes]` of modules with split BTF, evenly spread. */
function someModules(folder) {
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => /\.ko(\.xz|\.zst|\.gz)?$/.test(name))
    .sort();
  const found = [];
  const step = Math.max(1, Math.floor(files.length / (2 * modulesOfEach)));
  for (let at = 0; at < files.length && found.length < modulesOfEach; at += step) {
    const bytes = unpacked(readFileSync(path.join(folder, files[at])));
    if (section(bytes, '.BTF') !== undefined) {
      found.push([path.basename(files[at]).replace(/\.(xz|zst|gz)$/, ''), bytes]);
    }
  }
  return found;
}

/** The bytes of a section of a little-endian ELF64 file. */
function section(elf, wanted) {
  const header = (index) => Number(elf.readBigUInt64LE(40)) + 64 * index;
  const bytes = (index) => {
    const start = Number(elf.readBigUInt64LE(header(index) + 24));
    return elf.subarray(start, start + Number(elf.readBigUInt64LE(header(index) + 32)));
  };
  const names = bytes(elf.readUInt16LE(62));
  const count = elf.readUInt16LE(60);
  for (let index = 0; index < count; index++) {
    const at = elf.readUInt32LE(header(index));
    if (names.toString('latin1', at, names.indexOf(0, at)) === wanted) return bytes(index);
  }
  return undefined;
}
