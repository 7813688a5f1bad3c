import { UsageError } from '../errors/index.ts';
import {
  type bpf_attach_type,
  bpf_cmd,
  type bpf_func_id,
  type bpf_link_type,
  type bpf_map_type,
  type bpf_prog_type,
} from './generated/enums.ts';
import { linkTypeName } from './link-types.ts';
import { mapTypeName } from './map-types.ts';
import { attachTypeName, helperName, progTypeName } from './names.ts';

/** The names of an enumeration without their prefix, in lower case. */
export type EnumNameOf<Enum, Prefix extends string> = keyof Enum extends infer Key
  ? Key extends `${Prefix}${infer Name}`
    ? Name extends `${string}_DEPRECATED`
      ? never
      : Lowercase<Name>
    : never
  : never;

/** `hash`, `ringbuf` …: BPF_MAP_TYPE_*. */
export type MapTypeName = EnumNameOf<typeof bpf_map_type, 'BPF_MAP_TYPE_'>;
/** `xdp`, `sched_cls` …: BPF_PROG_TYPE_*. */
export type ProgramTypeName = EnumNameOf<typeof bpf_prog_type, 'BPF_PROG_TYPE_'>;
/** `cgroup_inet4_connect`, `trace_fentry` …: BPF_* attach types. */
export type AttachTypeName = EnumNameOf<typeof bpf_attach_type, 'BPF_'>;
/** `tracing`, `xdp` …: BPF_LINK_TYPE_*. */
export type LinkTypeName = EnumNameOf<typeof bpf_link_type, 'BPF_LINK_TYPE_'>;
/** `map_lookup_elem` …: BPF_FUNC_*. */
export type HelperName = EnumNameOf<typeof bpf_func_id, 'BPF_FUNC_'>;
/** `map_create` …: the commands of bpf(2). */
export type CommandName = EnumNameOf<typeof bpf_cmd, 'BPF_'>;

/** The names of one enumeration of the kernel's. */
export interface EnumNames<Name extends string> {
  /** Every name with its number, in the order of the numbers. */
  readonly all: () => readonly (readonly [name: Name, number: number])[];
  /** The name of a number; undefined for one newer than this table. */
  readonly nameOf: (number: number) => Name | undefined;
  /** The number of a name. UsageError, with those that are alike, for one that is none. */
  readonly numberOf: (name: Name) => number;
}

function namesOf<Name extends string>(what: string, nameOf: (number: number) => string | undefined): EnumNames<Name> {
  const all = (): [Name, number][] => {
    const found: [Name, number][] = [];
    for (let number = 0; number < 1024; number++) {
      const name = nameOf(number);
      if (name !== undefined) found.push([name as Name, number]);
    }
    return found;
  };
  return {
    all,
    nameOf: (number) => nameOf(number) as Name | undefined,
    numberOf(name) {
      for (const [other, number] of all()) if (other === name) return number;
      const known = all().map(([other]) => other as string);
      const word = typeof name === 'string' ? (name as string).toLowerCase().replace(/^bpf_/, '') : '';
      const alike = known.filter((other) => word.length > 2 && (other.includes(word) || word.includes(other)));
      throw new UsageError(
        `there is no ${what} '${String(name)}': it is ${(alike.length > 0 ? alike : known).join(', ')}`,
      );
    },
  };
}

function byTable(values: Readonly<Record<string, number>>, prefix: string): (number: number) => string | undefined {
  return (number) => {
    const key = Object.keys(values).find((name) => values[name] === number && name.startsWith(prefix));
    return key?.slice(prefix.length).toLowerCase();
  };
}

/** Names and numbers of the kernel's enumerations, both ways. */
export const enumNames = {
  mapType: /* @__PURE__ */ namesOf<MapTypeName>('map type', mapTypeName),
  programType: /* @__PURE__ */ namesOf<ProgramTypeName>('program type', progTypeName),
  attachType: /* @__PURE__ */ namesOf<AttachTypeName>('attach type', attachTypeName),
  linkType: /* @__PURE__ */ namesOf<LinkTypeName>('link type', linkTypeName),
  helper: /* @__PURE__ */ namesOf<HelperName>('helper', helperName),
  command: /* @__PURE__ */ namesOf<CommandName>('command of bpf(2)', /* @__PURE__ */ byTable(bpf_cmd, 'BPF_')),
} as const;
