import { expectInteger } from '../../bytes/index.ts';
import { UsageError } from '../../errors/index.ts';
import type { MapSpec, ObjectSpec, ProgramSpec } from '../../object/index.ts';
import type { Kernel } from '../../sys/index.ts';
import { type AttachTypeName, enumNames, type MapFlagName, mapFlags, type ProgramTypeName } from '../../uapi/index.ts';
import { deviceIndex } from '../attach/targets.ts';
import { fdOf, type WithFd } from '../fd-of.ts';
import type { LoadOptions } from '../load.ts';
import type { TargetProgram } from '../target.ts';
import { namedOf } from './untyped.ts';

/** What may be changed of a map before it is made. */
export interface MapSettings {
  readonly maxEntries?: number;
  /** Bytes, of maps without types. */
  readonly keySize?: number;
  readonly valueSize?: number;
  /** Besides those that the object says. */
  readonly flags?: readonly MapFlagName[];
  /** Where it is pinned on a BPF file system: the map that is there already is used, if it is alike. */
  readonly pin?: string;
  /** A map to use instead of a new one: a map of another object, or one that was opened. It stays the caller's. */
  readonly reuse?: WithFd | { readonly map: WithFd };
  /** False: it is not made. Programs that use it cannot be loaded then. */
  readonly autocreate?: boolean;
  readonly numaNode?: number;
  /** Of a map of maps: what its maps are like. */
  readonly inner?: Pick<MapSettings, 'maxEntries' | 'keySize' | 'valueSize' | 'flags'>;
}

/** What may be changed of a program before it is loaded. */
export interface ProgramSettings {
  /** Whether it is loaded; unless given, as its section says. */
  readonly autoload?: boolean;
  /**
   * What it is loaded for, instead of what its section says: a function of the kernel's (fentry, fexit, fmod_ret, LSM, tp_btf),
   * or a function of a loaded program, which it replaces or traces.
   */
  readonly attachTo?: string | (TargetProgram & { readonly function: string });
  readonly type?: ProgramTypeName;
  readonly attachType?: AttachTypeName;
  /** A network device that runs the program itself. */
  readonly device?: string;
  /** 1: the verifier's log, given to `log` though nothing is wrong; 2: with every instruction; 4: with statistics. */
  readonly logLevel?: number;
}

/** Changes by name. */
export interface ObjectSettings {
  readonly maps?: Readonly<Record<string, MapSettings>>;
  readonly programs?: Readonly<Record<string, ProgramSettings>>;
}

/** The part of them that loading takes. */
export type LoadSettings = Required<Pick<LoadOptions, 'replaceMaps' | 'targets' | 'logLevels'>>;

/** The object with the changes. UsageError for names that it does not have, and for what they cannot be. */
export function applySettings(
  kernel: Kernel,
  spec: ObjectSpec,
  { maps = {}, programs = {} }: ObjectSettings,
): { spec: ObjectSpec; forLoading: LoadSettings } {
  const replaceMaps = new Map<number, number>();
  const targets = new Map<string, TargetProgram>();
  const logLevels = new Map<string, number>();
  for (const [name, settings] of Object.entries(maps)) {
    namedOf(
      spec.maps.map((map) => map.name),
      name,
      `object '${spec.name}' has no map`,
    );
    const index = spec.maps.findIndex((map) => map.name === name);
    changeMap(spec.maps[index]!, settings);
    if (settings.reuse !== undefined) {
      replaceMaps.set(index, fdOf('map' in settings.reuse ? settings.reuse.map : settings.reuse));
    }
  }
  const entryPoints = spec.programs.filter(({ subprogram }) => !subprogram).map(({ name }) => name);
  for (const name of Object.keys(programs)) namedOf(entryPoints, name, `object '${spec.name}' has no program`);
  const changed = spec.programs.map((program) => {
    const settings = program.subprogram ? undefined : programs[program.name];
    if (settings === undefined) return program;
    if (settings.logLevel !== undefined) {
      expectInteger(settings.logLevel, `program '${program.name}': logLevel`, { most: 15 });
      logLevels.set(program.name, settings.logLevel);
    }
    if (typeof settings.attachTo === 'object') targets.set(program.name, settings.attachTo);
    return changedProgram(kernel, program, settings);
  });
  return { spec: { ...spec, programs: changed }, forLoading: { replaceMaps, targets, logLevels } };
}

function changeMap(map: MapSpec, settings: MapSettings): void {
  const { pin, autocreate, inner, flags = [] } = settings;
  const what = `map '${map.name}'`;
  for (const key of ['maxEntries', 'keySize', 'valueSize', 'numaNode'] as const) {
    const value = settings[key];
    if (value === undefined) continue;
    expectInteger(value, `${what}: ${key}`);
    map[key] = value;
  }
  if (map.origin !== 'user' && (settings.keySize ?? settings.valueSize ?? settings.maxEntries) !== undefined) {
    throw new UsageError(`${what} holds global variables: their sizes are the object's`);
  }
  map.flags |= flags.reduce((all, name) => all | flagOf(name), 0);
  if (pin !== undefined) {
    if (typeof pin !== 'string' || pin === '')
      throw new UsageError(`${what}: pin is a path, as '/sys/fs/bpf/${map.name}'`);
    map.pinPath = pin;
  }
  if (autocreate !== undefined) map.autocreate = autocreate;
  if (inner === undefined) return;
  if (map.inner === undefined) throw new UsageError(`${what} is no map of maps: it has no inner map`);
  changeMap(map.inner, inner);
}

/** The bit of a flag's name. UsageError lists the names. */
export function flagOf(name: MapFlagName): number {
  if (Object.hasOwn(mapFlags, name)) return mapFlags[name];
  throw new UsageError(`there is no flag of maps '${name}': it is ${Object.keys(mapFlags).join(', ')}`);
}

function changedProgram(kernel: Kernel, program: ProgramSpec, settings: ProgramSettings): ProgramSpec {
  const { autoload, attachTo, type, attachType, device } = settings;
  const changed = { ...program };
  if (autoload !== undefined) changed.autoload = autoload;
  else if (attachTo !== undefined) changed.autoload = true;
  if (type !== undefined) changed.type = enumNames.programType.numberOf(type);
  if (attachType !== undefined) changed.expectedAttachType = enumNames.attachType.numberOf(attachType);
  if (device !== undefined) changed.ifindex = deviceIndex(kernel, { device });
  if (typeof attachTo === 'string') {
    const [kind = ''] = program.sectionName.split('/', 1);
    changed.sectionName = `${kind}/${attachTo}`;
  }
  return changed;
}
