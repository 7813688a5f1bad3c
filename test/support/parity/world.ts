// The kernel objects a group of cases uses: made when first named, pinned in a folder of the world's own (so that no
// process holds them), gone when the world ends.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fixtures } from './fixtures/index.ts';
import { findPrograms, type Programs } from './programs.ts';
import { scenes } from './scenes/index.ts';
import { makeNamespace } from './scenes/namespace.ts';

export interface FixtureObject {
  kind: 'map' | 'prog' | 'link' | 'group';
  /** Where it is pinned; the folder of a group or of a mount. */
  pin: string;
  name?: string;
}

/** How a fixture comes into being; answers its object. Other fixtures are made first by `world.get`. */
export type Fixture = (world: World, key: string) => FixtureObject;

export class World {
  readonly programs: Programs;
  /** Folder in the BPF file system. */
  readonly pins: string;
  /** Folder for ordinary files. */
  readonly tmp: string;
  /** Starts every name this world gives, so that two worlds' objects never match one name. */
  readonly prefix: string;
  readonly project: string;
  #objects = new Map<string, FixtureObject>();
  #shown = new Map<string, Record<string, unknown>>();
  /** Answers the path, or throws why there is none. */
  #scenes = new Map<string, () => string>();
  #undo: (() => void)[] = [];

  /** `reference`: another bpftool to compare with than the ordinary one. */
  constructor(prefix: string, reference?: string) {
    this.prefix = prefix;
    this.project = process.env.TSBPFTOOL_PROJECT ?? path.resolve(import.meta.dirname, '../../..');
    this.pins = `/sys/fs/bpf/${prefix}pins`;
    removePins(this.pins);
    mkdirSync(this.pins);
    this.tmp = path.join(os.tmpdir(), `tsbpftool-${prefix}${process.pid}`);
    unmountBelow(this.tmp);
    rmSync(this.tmp, { recursive: true, force: true });
    mkdirSync(this.tmp, { recursive: true, mode: 0o755 });
    const bin = mkdtempSync(path.join(os.tmpdir(), 'tsbpftool-bin-'));
    chmodSync(bin, 0o755);
    const programs = findPrograms(bin);
    this.programs = reference === undefined ? programs : { ...programs, reference: [reference] };
    this.defer(() => rmSync(bin, { recursive: true, force: true }));
  }

  /** The fixture of this key, made now if it was not yet. */
  get(key: string): FixtureObject {
    let object = this.#objects.get(key);
    if (object === undefined) {
      const make = fixtures[key];
      if (make === undefined) throw new Error(`there is no fixture '${key}'`);
      object = make(this, key);
      this.#objects.set(key, object);
    }
    return object;
  }

  /** The path of the network namespace of this name, made now if it was not yet. */
  scene(name: string): string {
    const steps = scenes[name];
    if (steps === undefined) throw new Error(`there is no scene '${name}'`);
    let made = this.#scenes.get(name);
    if (made === undefined) {
      made = attempt(() => makeNamespace(this, name, steps));
      this.#scenes.set(name, made);
    }
    return made();
  }

  /** Something to undo when the world ends, newest first. */
  defer(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Runs the reference for a fixture; throws with its output when it fails. */
  reference(...argv: string[]): string {
    const [file, ...words] = [...this.programs.reference, ...argv];
    try {
      return execFileSync(file!, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      // Showing a link ends with a status that depends on an old errno (E6); what it printed is right.
      if (argv.includes('show') && stdout.startsWith('{"id"')) return stdout;
      throw new Error(`bpftool ${argv.join(' ')}: ${`${stdout}${stderr}`.trim()}`);
    }
  }

  /** What the reference said about a fixture when first asked, as JSON: its id, name, tag and BTF do not change. */
  show(key: string): Record<string, unknown> {
    const object = this.get(key);
    let shown = this.#shown.get(key);
    if (shown === undefined) {
      shown = JSON.parse(this.reference('-j', object.kind, 'show', 'pinned', object.pin)) as Record<string, unknown>;
      this.#shown.set(key, shown);
    }
    return shown;
  }

  /** Fills in `{tmp}`, `{pins}`, `{project}`, `{pin:key}`, `{path:key}`, `{id:key}`, `{name:key}`, `{tag:key}`, `{btf:key}`, `{obj:name}`. */
  fill(word: string): string {
    return word.replace(/\{(\w+)(?::([\w-]+))?\}/g, (whole, what: string, key: string | undefined) => {
      if (what === 'tmp') return this.tmp;
      if (what === 'pins') return this.pins;
      if (what === 'prefix') return this.prefix;
      if (what === 'project') return this.project;
      if (key === undefined) return whole;
      if (what === 'obj') return objectFile(this.project, key);
      const object = this.get(key);
      if (what === 'pin' || what === 'path') return object.pin;
      if (what === 'id') return String(this.show(key).id);
      if (what === 'name') return object.name ?? String(this.show(key).name);
      if (what === 'tag') return String(this.show(key).tag);
      if (what === 'btf') return String(this.show(key).btf_id);
      return whole;
    });
  }

  /** Undoes everything and waits until the kernel has let the objects go. */
  end(): void {
    const ids = [...this.#objects.values()].flatMap((object) => {
      if (object.kind === 'group') return [];
      try {
        const shown = JSON.parse(this.reference('-j', object.kind, 'show', 'pinned', object.pin)) as { id: number };
        return [[object.kind, String(shown.id)] as const];
      } catch {
        return [];
      }
    });
    for (const undo of this.#undo.splice(0).reverse()) {
      undo();
    }
    removePins(this.pins);
    unmountBelow(this.tmp);
    rmSync(this.tmp, { recursive: true, force: true });
    const until = Date.now() + 5_000;
    for (const [kind, id] of ids) {
      while (this.#alive(kind, id)) {
        if (Date.now() > until) throw new Error(`${kind} ${id} is still in the kernel after its pins are gone`);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      }
    }
    this.#objects.clear();
    this.#scenes.clear();
  }

  #alive(kind: string, id: string): boolean {
    try {
      this.reference(kind, 'show', 'id', id);
      return true;
    } catch {
      return false;
    }
  }
}

/** Runs something once; what it answers or throws comes again from each call. */
function attempt<T>(body: () => T): () => T {
  try {
    const value = body();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Objects of the examples and of the test fixtures, by name without extension. */
export function objectFile(project: string, name: string): string {
  for (const folder of ['test/fixtures/objects', 'examples']) {
    const file = path.join(project, folder, `${name}.bpf.o`);
    if (existsSync(file)) return file;
  }
  throw new Error(`there is no object file ${name}.bpf.o`);
}

/** Unmounts what commands mounted at a folder or below it: a pin outside the BPF file system mounts one there. */
function unmountBelow(folder: string): void {
  const mounted = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point === folder || point.startsWith(`${folder}/`));
  for (const point of mounted.reverse()) spawnSync('umount', ['-l', point]);
}

/** Removes a folder of pins with everything below it. */
export function removePins(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) removePins(file);
    else unlinkSync(file);
  }
  rmdirSync(folder);
}
