import {
  accessSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

/**
 * A file that a command makes. It is whole or not there: it is written beside its place, and moved when all of it is
 * written. Devices and pipes are written to directly.
 */
export class OutputFile {
  readonly #file: string;
  readonly #there: Stats | undefined;
  /** Nothing can be made beside it, though it may itself be written. */
  readonly #onlyInPlace: boolean;

  /** Throws as node:fs does where the file cannot be written. Nothing is made or changed yet. */
  constructor(file: string) {
    this.#file = file;
    this.#there = statSync(file, { throwIfNoEntry: false });
    // To open a pipe and close it again would end its reader.
    if (this.#there?.isFIFO()) accessSync(file, constants.W_OK);
    else if (this.#there !== undefined) closeSync(openSync(file, constants.O_WRONLY));
    else if (file.endsWith('/')) closeSync(openSync(file, 'wx'));
    this.#onlyInPlace = this.isOrdinary && !this.#canMakeBeside();
  }

  /** False for devices and pipes. */
  get isOrdinary(): boolean {
    return this.#there?.isFile() ?? true;
  }

  /** Whether another path leads to the same file. */
  isSame(other: string): boolean {
    const status = statSync(other, { throwIfNoEntry: false });
    return status !== undefined && status.dev === this.#there?.dev && status.ino === this.#there.ino;
  }

  /** Writes all of the file. Throws as node:fs does, and leaves what was there before. */
  write(bytes: Uint8Array): void {
    this.with((fd) => writeAll(fd, bytes));
  }

  /** Lets `write` write the file, to a descriptor. Whatever it throws comes out, and what was there before stays. */
  with(write: (fd: number) => void): void {
    const output = this.#begin();
    try {
      write(output.fd);
      output.commit();
    } catch (error) {
      output.discard();
      throw error;
    }
  }

  /** As `with`, for what takes its time. */
  async withAsync(write: (fd: number) => Promise<void>): Promise<void> {
    const output = this.#begin();
    try {
      await write(output.fd);
      output.commit();
    } catch (error) {
      output.discard();
      throw error;
    }
  }

  #begin(): { fd: number; commit: () => void; discard: () => void } {
    if (!this.isOrdinary || this.#onlyInPlace) {
      const flags = this.isOrdinary ? constants.O_WRONLY | constants.O_TRUNC : constants.O_WRONLY;
      const fd = openSync(this.#file, flags);
      return { fd, commit: () => closeSync(fd), discard: () => closeSync(fd) };
    }
    const target = followLinks(this.#file);
    const beside = nameBeside(target);
    const fd = openSync(beside, 'wx', 0o644);
    return {
      fd,
      commit: () => {
        this.#keepOwner(beside, fd);
        closeSync(fd);
        renameSync(beside, target);
      },
      discard: () => {
        rmSync(beside, { force: true });
        try {
          closeSync(fd);
        } catch {
          // It was closed before the move that failed.
        }
      },
    };
  }

  /** A file that is replaced keeps its mode and, where that is allowed, its owner. */
  #keepOwner(beside: string, fd: number): void {
    if (this.#there === undefined) return;
    try {
      chownSync(beside, this.#there.uid, this.#there.gid);
    } catch {
      // Only root may give files away; the contents are what matters.
    }
    fchmodSync(fd, this.#there.mode & 0o7777);
  }

  #canMakeBeside(): boolean {
    const beside = nameBeside(followLinks(this.#file));
    try {
      closeSync(openSync(beside, 'wx'));
    } catch (error) {
      if (this.#there !== undefined) return false;
      throw error;
    }
    rmSync(beside, { force: true });
    return true;
  }
}

function nameBeside(file: string): string {
  return path.join(path.dirname(file), `.${process.pid}-${Date.now().toString(36)}.part`);
}

const maxLinks = 40;

/** Where a path leads, though nothing may be there yet. */
function followLinks(file: string): string {
  let at = file;
  for (let links = 0; links < maxLinks; links++) {
    try {
      at = path.resolve(path.dirname(at), readlinkSync(at));
    } catch {
      return at;
    }
  }
  return at;
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
