// What a command left behind: pins, and programs, maps and links in the kernel.
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Files below a folder, sorted. */
export function pinsBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !/\/(progs|maps)\.debug$/.test(file))
    .sort();
}

/** Empties a folder, which may be a mount. */
export function removeAll(folder) {
  for (const name of readdirSync(folder)) {
    if (/^(progs|maps)\.debug$/.test(name)) continue;
    rmSync(path.join(folder, name), { recursive: true, force: true });
  }
}

/** Objects in the kernel by the names an object file gives them. */
export class ObjectsByName {
  #library;
  #kernel;

  constructor(library) {
    this.#library = library;
    this.#kernel = library.openKernel();
  }

  static async open(project) {
    return new ObjectsByName(await import(path.join(project, 'dist/lib/index.js')));
  }

  /** `map 7 name`, `prog 3 name`, `link 5 of name`: those of these names, and links of such programs. */
  matching(names) {
    const { objectIds, BpfMap, BpfProgram, BpfLink } = this.#library;
    const found = new Set();
    const programs = new Map();
    const see = (kind, Class, tell) => {
      for (const id of objectIds(this.#kernel, kind)) {
        try {
          const object = Class.openById(this.#kernel, id);
          const text = tell(object.info(), id);
          object.close();
          if (text !== undefined) found.add(text);
        } catch (error) {
          // Gone since it was listed.
          if (/** @type {{errno?: number}} */ (error).errno !== 2) throw error;
        }
      }
    };
    see('map', BpfMap, ({ name }, id) => (names.has(name) ? `map ${id} ${name}` : undefined));
    see('prog', BpfProgram, ({ name }, id) => {
      if (!names.has(name)) return undefined;
      programs.set(id, name);
      return `prog ${id} ${name}`;
    });
    see('link', BpfLink, ({ programId }, id) => programs.has(programId) && `link ${id} of ${programs.get(programId)}`);
    found.delete(false);
    return found;
  }

  /**
   * What there is of these names that is not `known`. The kernel frees objects a moment after their last use. A program
   * array that is opened and closed in just that moment is never freed (the reference it takes for its clearing is lost
   * when that is scheduled twice), so nothing is looked at before.
   */
  left(names, known) {
    for (let attempt = 0; ; attempt++) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      const left = [...this.matching(names)].filter((text) => !known.has(text));
      if (left.length === 0 || attempt === 40) return left.map((text) => `left in the kernel: ${text}`);
    }
  }
}
