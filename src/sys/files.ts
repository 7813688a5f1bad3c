import * as fs from 'node:fs';
import { checkRange } from '../bytes/index.ts';
import { Errno } from '../errors/index.ts';
import { syscallError } from './failure.ts';
import type { FileAccess, FileStatus, OpenFile } from './kernel.ts';

/** Bytes of one read. */
const chunkSize = 1 << 18;

/** File access through node:fs, with its errors as SyscallError. */
export const nodeFiles: FileAccess = {
  readFile: (path) => translated('open', () => fs.readFileSync(path)),
  openFile,
  readText: (path) => translated('open', () => fs.readFileSync(path, 'utf8')),
  writeFile: (path, bytes) => translated('open', () => fs.writeFileSync(path, bytes)),
  readDirectory: (path) => translated('opendir', () => namesIn(path)),
  readFolders: (path) => translated('opendir', () => namesIn(path, (entry) => isFolder(path, entry))),
  listDirectory: (path) => translated('opendir', () => fs.readdirSync(path)),
  readLink: (path) => translated('readlink', () => fs.readlinkSync(path)),
  status: (path) => translated('lstat', () => toStatus(fs.lstatSync(path, { bigint: true }))),
  statusFollowing: (path) => translated('stat', () => toStatus(fs.statSync(path, { bigint: true }))),
  exists: (path) => fs.existsSync(path),
  // The constants *_MAGIC are unsigned.
  fileSystemType: (path) => translated('statfs', () => fs.statfsSync(path).type >>> 0),
  readChunks(path, visit) {
    const fd = translated('open', () => fs.openSync(path, 'r'));
    try {
      // One buffer for all: whoever is called must not hold on to it.
      const chunk = new Uint8Array(chunkSize);
      for (;;) {
        const length = translated('read', () => fs.readSync(fd, chunk, 0, chunkSize, null));
        if (length === 0 || !visit(chunk.subarray(0, length))) return;
      }
    } finally {
      fs.closeSync(fd);
    }
  },
};

function openFile(path: string): OpenFile {
  const fd = translated('open', () => fs.openSync(path, 'r'));
  try {
    // open(2) takes a directory for reading, and reading it fails: that is said here already.
    const size = translated('fstat', () => {
      const status = fs.fstatSync(fd);
      if (status.isDirectory())
        throw Object.assign(new Error('is a directory'), { errno: -Errno.EISDIR, syscall: 'read' });
      return status.size;
    });
    return {
      size,
      read: (offset, length) => {
        checkRange(size, { offset, length });
        return translated('read', () => readAt(fd, offset, length));
      },
      [Symbol.dispose]: () => fs.closeSync(fd),
    };
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

function readAt(fd: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = fs.readSync(fd, bytes, done, length - done, offset + done);
    // The file became shorter.
    if (count === 0) return bytes.subarray(0, done);
    done += count;
  }
  return bytes;
}

/** Names in the kernel's own order; readdirSync would sort them. */
function namesIn(path: string, isMeant: (entry: fs.Dirent) => boolean = () => true): string[] {
  const directory = fs.opendirSync(path, { bufferSize: 256 });
  try {
    const names: string[] = [];
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      if (isMeant(entry)) names.push(entry.name);
    }
    return names;
  } finally {
    directory.closeSync();
  }
}

/** Asks the file itself on the file systems that do not tell kinds while listing. */
function isFolder(path: string, entry: fs.Dirent): boolean {
  if (entry.isDirectory()) return true;
  const isKnown = entry.isFile() || entry.isSymbolicLink() || entry.isFIFO() || entry.isSocket();
  if (isKnown || entry.isCharacterDevice() || entry.isBlockDevice()) return false;
  return fs.lstatSync(`${path}/${entry.name}`, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function toStatus(stat: fs.BigIntStats): FileStatus {
  return { kind: kindOf(stat), device: stat.dev, inode: stat.ino, size: Number(stat.size), changedAt: stat.ctimeNs };
}

function kindOf(stat: fs.BigIntStats): FileStatus['kind'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  return stat.isFIFO() ? 'pipe' : 'other';
}

function translated<T>(call: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    // Node's errno is negative; failures of its own have none.
    const { errno, syscall } = error as NodeJS.ErrnoException;
    throw syscallError(syscall ?? call, errno ?? Errno.EIO);
  }
}
