import { bpf_cmd, perf_event_attr } from '../uapi/index.ts';
import { ioctlRequests, ioctlSpec, perfEventOpen } from './calls.ts';
import { attachClassNames, type CommandSpec, commandSpec, knownCommands, type MemberSpec } from './commands.ts';
import { Item, ItemFlag, ItemKind, ItemTime, maxItems, noMember, Plan, PlanFlag, PlanIndex, Rule } from './format.ts';

/** What is sent of the calls. */
export interface TraceSelection {
  /** Commands by number, and perf_event_open and ioctl, that are followed; undefined: all. */
  readonly commands: ReadonlySet<number> | undefined;
  readonly perfEvents: boolean;
  /** Keys, values and whatever else pointers mean; without, only descriptors. */
  readonly contents: boolean;
  readonly options: ReadonlySet<NonNullable<MemberSpec['option']>>;
}

/** An item of a plan, and the member that it is for. */
export interface PlanItem {
  readonly member: MemberSpec | undefined;
  readonly kind: number;
  /** Of a descriptor or a pointer inside what a pointer means: where. */
  readonly offset?: number;
}

/** How many names of functions are read; there may be thousands. */
const namesRead = 6;

/** Where `struct bpf_iter_link_info` has descriptors: of a map, of a cgroup, of a process. */
const iterDescriptors = [0, 4, 8];

/** The items of a command's plan, in the order in which the programs go through them. */
export function planItems(spec: CommandSpec | undefined, selection: TraceSelection): PlanItem[] {
  const items: PlanItem[] = [];
  for (const member of spec?.members ?? []) {
    if (member.kind === 'fd') items.push({ member, kind: ItemKind.fd });
    if (member.kind !== 'pointer' || !selection.contents) continue;
    if (member.option !== undefined && !selection.options.has(member.option)) continue;
    items.push({ member, kind: ItemKind.region });
    if (member.form === 'iter') {
      for (const offset of iterDescriptors) items.push({ member, kind: ItemKind.fdInRegion, offset });
    } else if (member.form === 'texts') {
      for (let index = 0; index < namesRead; index++) {
        items.push({ member, kind: ItemKind.textBehind, offset: index * 8 });
      }
    } else if (member.form === 'perf') {
      items.push({ member, kind: ItemKind.textBehind, offset: perf_event_attr.members.bp_addr.offset });
    } else if (member.form === 'value' && member.time === 'before') {
      items.push({ member, kind: ItemKind.fdInRegion, offset: 0 });
    }
  }
  if (spec?.givesFd) items.push({ member: undefined, kind: ItemKind.result });
  // Descriptors first: what pointers mean depends on the map.
  return items.sort((a, b) => order(a) - order(b)).slice(0, maxItems);
}

/** Which items of a plan are a member's: indexes, -1 for none. */
export interface MemberPlaces {
  readonly fd: number;
  readonly region: number;
  readonly fdInRegion: number;
}

const nowhere: MemberPlaces = { fd: -1, region: -1, fdInRegion: -1 };

/** Finds the items of a plan: made once for a command, asked for each of its calls. */
export class ItemPlaces {
  /** Of the descriptor that the call returns, and of the map it is about. */
  readonly result: number;
  readonly map: number;
  readonly #byMember = new Map<MemberSpec, MemberPlaces>();

  constructor(items: readonly PlanItem[]) {
    const first = (member: MemberSpec | undefined, kind: number) =>
      items.findIndex((item) => item.kind === kind && item.member === member);
    this.result = first(undefined, ItemKind.result);
    this.map = items.findIndex(({ kind, member }) => kind === ItemKind.fd && member?.name === 'map_fd');
    for (const { member } of items) {
      if (member === undefined) continue;
      const [fd, region] = [first(member, ItemKind.fd), first(member, ItemKind.region)];
      this.#byMember.set(member, { fd, region, fdInRegion: first(member, ItemKind.fdInRegion) });
    }
  }

  of(member: MemberSpec): MemberPlaces {
    return this.#byMember.get(member) ?? nowhere;
  }
}

function order({ kind }: PlanItem): number {
  return kind === ItemKind.fd ? 0 : kind === ItemKind.result ? 2 : 1;
}

const limitedForms = new Set(['key', 'value', 'position', 'hex', 'u32s', 'addresses', 'texts', 'log']);
const rules = {
  bytes: Rule.bytes,
  key: Rule.key,
  value: Rule.value,
  position: Rule.position,
  text: Rule.text,
  result: Rule.result,
  perf: Rule.perf,
} as const;

/** The command with the members that it has for a class of attach types. */
export function membersOfClass(spec: CommandSpec, name: string | undefined): CommandSpec {
  const fits = ({ attachClass }: MemberSpec) => attachClass === undefined || attachClass === name;
  return { ...spec, members: spec.members.filter(fits) };
}

/** The plans of all calls, one after the other, as the programs' array has them. */
export function encodePlans(selection: TraceSelection): Uint8Array {
  const bytes = new Uint8Array(PlanIndex.count * Plan.size);
  const put = (index: number, spec: CommandSpec | undefined) => {
    encodePlan(new DataView(bytes.buffer, index * Plan.size, Plan.size), spec, selection);
  };
  const has = (command: number) => selection.commands === undefined || selection.commands.has(command);
  for (const command of knownCommands) if (has(command)) put(command, commandSpec(command));
  const link = commandSpec(bpf_cmd.BPF_LINK_CREATE)!;
  if (has(bpf_cmd.BPF_LINK_CREATE)) {
    for (const [index, name] of attachClassNames.entries())
      put(PlanIndex.linkCreate + index, membersOfClass(link, name));
    put(bpf_cmd.BPF_LINK_CREATE, membersOfClass(link, undefined));
  }
  if (selection.commands === undefined) {
    for (let command = 0; command <= PlanIndex.unknown; command++) {
      if (commandSpec(command) === undefined) put(command, undefined);
    }
  }
  if (selection.perfEvents) {
    put(PlanIndex.perfEventOpen, perfEventOpen);
    for (let request = 0; request <= ioctlRequests; request++) put(PlanIndex.ioctl + request, ioctlSpec(request));
  }
  return bytes;
}

function encodePlan(view: DataView, spec: CommandSpec | undefined, selection: TraceSelection): void {
  const items = planItems(spec, selection);
  const isWritten = spec?.members.some(({ written }) => written) === true;
  let flags: number = isWritten ? PlanFlag.attributeAfter : 0;
  for (const [index, item] of items.entries()) {
    const isAfter = encodeItem(view, Plan.items + index * Item.size, item, spec!);
    if (isAfter) flags |= PlanFlag.itemsAfter;
  }
  view.setUint32(Plan.isTraced, 1, true);
  view.setUint32(Plan.flags, flags, true);
}

/** Returns whether it is done after the call. */
function encodeItem(view: DataView, at: number, item: PlanItem, spec: CommandSpec): boolean {
  const { member, kind } = item;
  const time =
    member?.kind === 'pointer' && member.time !== undefined ? member.time : member === undefined ? 'after' : 'before';
  const isAfter = time !== 'before';
  view.setUint8(at + Item.kind, kind);
  view.setUint8(at + Item.time, isAfter ? ItemTime.after : ItemTime.before);
  view.setUint16(at + Item.offset, kind === ItemKind.fdInRegion ? item.offset! : (member?.layout.offset ?? 0), true);
  view.setUint16(at + Item.first, noMember, true);
  view.setUint16(at + Item.second, noMember, true);
  view.setUint16(at + Item.flags, itemFlags(item), true);
  const rule = member?.rule;
  if (kind === ItemKind.textBehind) {
    view.setUint32(at + Item.factor, item.offset!, true);
    if (rule?.count !== undefined) view.setUint16(at + Item.first, memberOffset(spec, rule.count), true);
  }
  if (kind !== ItemKind.region || rule === undefined) return isAfter;
  const offsetOf = (name: string) => memberOffset(spec, name);
  const isProduct = typeof rule.size === 'string';
  view.setUint8(at + Item.rule, isProduct ? Rule.product : rules[rule.unit]);
  if (rule.count !== undefined && rule.unit !== 'text') view.setUint16(at + Item.first, offsetOf(rule.count), true);
  if (isProduct) view.setUint16(at + Item.second, offsetOf(rule.size as string), true);
  else view.setUint32(at + Item.factor, rule.size as number, true);
  if (rule.unit === 'value')
    view.setUint16(at + Item.second, offsetOf(rule.count === undefined ? 'flags' : 'elem_flags'), true);
  return isAfter;
}

function memberOffset(spec: CommandSpec, name: string): number {
  return spec.members.find((other) => other.name === name)!.layout.offset;
}

function itemFlags({ member, kind }: PlanItem): number {
  if (member === undefined) return 0;
  if (kind === ItemKind.fd) {
    const isPrimary = member.name === 'map_fd' || member.name === 'bpf_fd' ? ItemFlag.primary : 0;
    return isPrimary | (member.always ? 0 : ItemFlag.nonzero);
  }
  if (kind === ItemKind.fdInRegion) return member.form === 'value' ? ItemFlag.holdsFds : ItemFlag.nonzero;
  const times = { before: 0, after: 0, ever: ItemFlag.ever, failed: ItemFlag.failed };
  return (limitedForms.has(member.form) ? ItemFlag.limited : 0) | times[member.time ?? 'before'];
}
