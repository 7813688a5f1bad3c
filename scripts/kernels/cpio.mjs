// Writes an initramfs: a cpio archive in the "newc" format.
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs';
import path from 'node:path';

const typeFile = 0o100000;
const typeFolder = 0o040000;
const typeLink = 0o120000;

/** One archive; several may be put one after the other into one initramfs. */
export class CpioWriter {
  #fd;
  #inode = 1;
  #folders = new Set(['']);

  constructor(file) {
    this.#fd = openSync(file, 'w');
  }

  /** A file with its bytes; parent folders are made as needed. */
  file(name, bytes, mode = 0o644) {
    this.folder(path.dirname(name));
    this.#entry(trim(name), typeFile | mode, bytes);
  }

  link(name, target) {
    this.folder(path.dirname(name));
    this.#entry(trim(name), typeLink | 0o777, Buffer.from(target));
  }

  folder(name) {
    const trimmed = trim(name);
    if (this.#folders.has(trimmed) || trimmed === '.') return;
    this.folder(path.dirname(trimmed));
    this.#folders.add(trimmed);
    this.#entry(trimmed, typeFolder | 0o755, Buffer.alloc(0));
  }

  /**
   * A file or folder of this machine with everything in it, links followed only as links.
   * @param {string} from
   * @param {string} to
   * @param {(file: string) => boolean} keep
   */
  copy(from, to, keep = () => true) {
    const status = lstatSync(from);
    if (status.isSymbolicLink()) this.link(to, readlinkSync(from));
    else if (status.isFile()) this.file(to, readFileSync(from), status.mode & 0o777);
    else if (status.isDirectory()) {
      this.folder(to);
      for (const name of readdirSync(from)) {
        const inner = path.join(from, name);
        if (keep(inner)) this.copy(inner, path.join(to, name), keep);
      }
    }
  }

  end() {
    this.#entry('TRAILER!!!', 0, Buffer.alloc(0));
    writeSync(this.#fd, Buffer.alloc(512));
    closeSync(this.#fd);
  }

  #entry(name, mode, bytes) {
    const fields = [this.#inode++, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, name.length + 1, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
    writeAll(this.#fd, pad(Buffer.from(header, 'latin1')));
    writeAll(this.#fd, pad(bytes));
  }
}

function writeAll(fd, bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

function pad(bytes) {
  const rest = bytes.length % 4;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - rest)]);
}

function trim(name) {
  return name.replace(/^\/+/, '');
}
