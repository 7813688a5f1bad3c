import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Btf } from '../../btf/index.ts';
import { attachKind, describeObject, objectTypes } from '../../codegen/index.ts';
import { UsageError } from '../../errors/index.ts';
import { codecOfTypes, keyCodec, MapOfMaps, MapOfPrograms, QueueMap, TypedMap } from '../../kernel/index.ts';
import { bpf_map_type, mapType } from '../../uapi/index.ts';
import { type DiagnosticLog, type ObjectSpec, parseObject } from '../../object/index.ts';
import { defaultKernel, type Kernel } from '../../sys/index.ts';
import { registerStructOps } from '../attach/struct-ops.ts';
import type { LoadedLink } from '../attach/link.ts';
import type { LoadedMap } from '../loaded-map.ts';
import { UserEvents } from './user-events.ts';
import { loadObject, type LoadOptions } from '../load.ts';
import type { LoadedObject } from '../loaded-object.ts';
import { MapEvents } from './events.ts';
import { type AnyProgram, withAttach } from './programs.ts';
import { type AnyMap, emptyRecord, namedOf, refuseOthers, refusingRecord } from './untyped.ts';
import { applySettings, type LoadSettings, type ObjectSettings } from './settings.ts';
import { type AnyVariable, type GlobalVariable, globalVariable, SectionContents } from './variables.ts';

/** Where the object of a skeleton is; what a generated module hands to its base class. */
export interface SkeletonSource {
  readonly name: string;
  /** The file itself, as bytes or in base64, or where it is. */
  readonly object: string | FileUrl | Uint8Array;
  /** Type ids of events, by name of the map. */
  readonly events?: ReadonlyMap<string, number>;
  /** Members are not known to the compiler: those that are not there say so, and which there are. */
  readonly isUntyped?: boolean;
}

/** A `file:` URL. */
export interface FileUrl {
  readonly href: string;
}

/** How a skeleton is opened. UsageError for names that the object does not have, and for what they cannot be set to. */
export interface SkeletonOptions extends ObjectSettings {
  /** The running kernel unless given. */
  readonly kernel?: Kernel;
  /** Receives libbpf's diagnostics. */
  readonly log?: DiagnosticLog;
  /** First values of global variables, or of parts of them, by name: constants can be set only here, or before `load`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Members of an object of which nothing is known before it is read; those that are not there throw UsageError. */
export type AnyMaps = Readonly<Record<string, AnyMap>>;
/** Variables by name, of which the types are known at run time only. */
export type AnyVariables = Readonly<Record<string, AnyVariable>>;
/** Programs by name, of which the kinds are known at run time only. */
export type AnyPrograms = Readonly<Record<string, AnyProgram>>;

/** What is there of a loaded object besides its variables. */
interface Live {
  readonly object: LoadedObject;
  readonly maps: Readonly<Record<string, unknown>>;
  readonly programs: Readonly<Record<string, unknown>>;
}

/**
 * An object with its maps, variables and programs by name: the base class of the modules of `gen skeleton --lang ts`.
 * Open it, set variables, `load`, `attach`; disposing of it detaches and closes everything that is not pinned.
 */
export class ObjectSkeleton<Maps = AnyMaps, Variables = AnyVariables, Programs = AnyPrograms> implements Disposable {
  /** The object as plain data; sizes of maps may be changed until it is loaded. */
  readonly spec: ObjectSpec;
  readonly variables: Variables;
  /** The kernel that it is, or will be, loaded into. */
  readonly kernel: Kernel;
  readonly #isUntyped: boolean;
  readonly #settings: LoadSettings;
  readonly #log: DiagnosticLog;
  readonly #btf: Btf | undefined;
  readonly #events: ReadonlyMap<string, number>;
  readonly #contents = new Map<number, SectionContents>();
  readonly #closing: (() => void)[] = [];
  #live: Live | undefined;
  #isOpen = true;

  /** Reads the object. Throws what `parseObject` throws, and the error of Node where an external file cannot be read. */
  constructor(source: SkeletonSource, options: SkeletonOptions = {}) {
    const { name } = source;
    this.kernel = options.kernel ?? defaultKernel();
    this.#log = options.log ?? (() => undefined);
    this.#isUntyped = source.isUntyped ?? false;
    const spec = parseObject(bytesOf(source), { path: name, name, log: this.#log });
    const applied = applySettings(this.kernel, spec, options);
    this.spec = applied.spec;
    this.#settings = applied.forLoading;
    this.#btf = objectTypes(this.spec);
    this.#events = source.events ?? new Map();
    this.variables = this.#openVariables() as Variables;
    this.#setVariables(options.variables ?? {});
  }

  #setVariables(values: Readonly<Record<string, unknown>>): void {
    const variables = this.variables as Record<string, GlobalVariable<unknown>>;
    for (const [name, value] of Object.entries(values)) {
      namedOf(Object.keys(variables), name, `object '${this.spec.name}' has no global variable`);
      variables[name]!.set(value);
    }
  }

  /** A record of members, which says so where one is asked for that is not there. */
  #record(what: string): Record<string, unknown> {
    return this.#isUntyped ? refusingRecord(`object '${this.spec.name}' has no ${what}`) : emptyRecord();
  }

  #openVariables(): Record<string, unknown> {
    const variables = this.#record('global variable');
    const btf = this.#btf;
    if (btf === undefined) return variables;
    for (const description of describeObject(this.spec).variables) {
      const contents = this.#contents.get(description.map) ?? new SectionContents(this.spec.maps[description.map]!);
      this.#contents.set(description.map, contents);
      variables[description.name] = globalVariable(description, contents, { btf, isOpen: () => this.#isOpen });
    }
    return variables;
  }

  /** UsageError before the object is loaded. */
  get maps(): Maps {
    return this.#loaded().maps as Maps;
  }

  /** UsageError before the object is loaded. */
  get programs(): Programs {
    return this.#loaded().programs as Programs;
  }

  /** The loaded object itself. UsageError before it is loaded. */
  get object(): LoadedObject {
    return this.#loaded().object;
  }

  #loaded(): Live {
    if (this.#live === undefined) {
      const then = this.#isOpen ? 'is not loaded: call load() first' : 'is closed';
      throw new UsageError(`the object '${this.spec.name}' ${then}`);
    }
    return this.#live;
  }

  /** Loads the object with the variables as they are. Throws what `loadObject` throws, with nothing left behind. */
  load(options: LoadOptions = {}): this {
    if (!this.#isOpen) throw new UsageError(`the object '${this.spec.name}' is closed`);
    if (this.#live !== undefined) throw new UsageError(`the object '${this.spec.name}' is loaded already`);
    const maps = this.spec.maps.map((map, index) => {
      const contents = map.origin === 'kconfig' ? undefined : this.#contents.get(index);
      return contents === undefined ? map : { ...map, initialValue: contents.bytes };
    });
    const object = loadObject(this.kernel, { ...this.spec, maps }, { log: this.#log, ...this.#settings, ...options });
    this.#closing.push(() => object.close());
    try {
      this.#live = { object, maps: this.#openMaps(object), programs: this.#openPrograms(object) };
    } catch (error) {
      this.close();
      throw error;
    }
    return this;
  }

  #openMaps(object: LoadedObject): Record<string, unknown> {
    const maps = this.#record('map');
    for (const [index, contents] of this.#contents) {
      const spec = this.spec.maps[index]!;
      const loaded = object.maps.find(
        (map) => map.spec.sectionIndex === spec.sectionIndex && map.spec.name === spec.name,
      );
      if (loaded !== undefined) contents.loaded(this.kernel, loaded.fd.number);
    }
    for (const description of describeObject(this.spec).maps) {
      const { name, use } = description;
      const map = object.map(name);
      if (map === undefined) continue;
      if (use === 'events') {
        const type = this.#events.get(name) ?? description.eventType;
        const events = new MapEvents(map, name, { btf: this.#btf, type });
        this.#closing.push(() => events.close());
        maps[name] = events;
      } else if (this.#isUntyped) {
        maps[name] = this.#openMap(map);
      } else {
        // As generated modules declare them.
        maps[name] = use === 'elements' ? new TypedMap(map) : map;
      }
      if (this.#isUntyped) refuseOthers(maps[name] as object, map);
    }
    return maps;
  }

  /** By what its type of map is for. Types that the kernel does not keep are the object's. */
  #openMap(map: LoadedMap): Disposable {
    const { type, keyTypeId, valueTypeId } = map.spec;
    const btf = this.#btf;
    const ofId = (typeId: number) => (btf === undefined || typeId === 0 ? undefined : { btf, typeId });
    const { holds, use } = mapType(type) ?? {};
    if (holds === 'maps') return new MapOfMaps(map, keyCodec(map.info(), ofId(keyTypeId)));
    if (holds === 'programs') return new MapOfPrograms(map, keyCodec(map.info(), ofId(keyTypeId)));
    if (type === bpf_map_type.BPF_MAP_TYPE_USER_RINGBUF) {
      const ring = new UserEvents(map, map.name, { btf, type: valueTypeId === 0 ? undefined : valueTypeId });
      this.#closing.push(() => ring.close());
      return ring;
    }
    if (use === 'other') return map;
    if (map.spec.keySize > 0) return new TypedMap(map);
    return new QueueMap(map, codecOfTypes(this.kernel, map.info(), { value: ofId(valueTypeId) }));
  }

  #openPrograms(object: LoadedObject): Record<string, unknown> {
    const programs = this.#record('program');
    const context = { kernel: this.kernel, log: this.#log, object };
    for (const program of object.programs) {
      programs[program.name] = withAttach(context, program, {
        keep: (link) => this.#keep(link),
        always: this.#isUntyped,
      });
    }
    return programs;
  }

  #keep(link: { close(): void }): void {
    this.#closing.push(() => link.close());
  }

  /**
   * Attaches all programs whose sections say where, and registers struct_ops maps that are links. Where one fails, the
   * error is thrown; what was attached by then stays until the skeleton is closed.
   */
  attach(): this {
    const { object, programs } = this.#loaded();
    for (const { name, spec } of object.programs) {
      if (attachKind(spec) === 'auto') (programs[name] as { attach(): LoadedLink }).attach();
    }
    for (const map of object.maps) {
      if (!map.spec.structOps?.link) continue;
      const link = registerStructOps({ kernel: this.kernel, log: this.#log }, object, map);
      if (link !== undefined) this.#keep(link);
    }
    return this;
  }

  /** Detaches the programs and closes everything, newest first. What is pinned stays. */
  close(): void {
    this.#isOpen = false;
    for (const contents of this.#contents.values()) contents.close();
    for (const undo of this.#closing.splice(0).reverse()) undo();
    this.#live = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function bytesOf({ object }: SkeletonSource): Uint8Array {
  if (object instanceof Uint8Array) return object;
  return typeof object === 'string' ? Buffer.from(object, 'base64') : readFileSync(fileURLToPath(object.href));
}
