// `-j net show`: the NET_* macros of bpftool's src/netlink_dumper.h, as JSON. COMPATIBILITY.md has where the
// reference's is none.
import type { DeviceFilter } from '../../kernel/index.ts';
import { type BpfAction, isMulti, type NetworkDevice, type XdpProgram, xdpPrograms } from '../../netlink/index.ts';
import type { JsonWriter } from '../../output/index.ts';
import { netfilterMembers } from '../shared/netfilter.ts';
import { type AttachedToDevice, bitsOf } from './describe.ts';
import type { NetPrinter } from './printer.ts';

/** Writes `net show` as an array of one object, which has a member for each section. */
export function jsonPrinter(json: JsonWriter): NetPrinter {
  return {
    // The array has one object: the reference prints it so.
    begin: () => void json.startArray().startObject(),
    end: () => void json.endObject().endArray(),
    beginSection: (section) => void json.name(section).startArray(),
    endSection: () => void json.endArray(),
    xdp: (device) => xdp(json, device),
    attached: (found) => attached(json, found),
    filter: (device, filter) => bpfFilter(json, device, filter),
    flowDissector: (programId) => void json.startObject().field('id', programId).endObject(),
    netfilter(hook, programId) {
      json.startObject();
      netfilterMembers(json, hook);
      json.field('id', programId).endObject();
    },
  };
}

function startDevice(json: JsonWriter, { name, index }: NetworkDevice): void {
  // The index is unsigned, as the reference prints it.
  json
    .startObject()
    .field('devname', name)
    .field('ifindex', index >>> 0);
}

function xdp(json: JsonWriter, device: NetworkDevice): void {
  if (device.xdp === undefined) return;
  // One program stands in the device's object itself; in several modes, in an array of objects.
  const programs = xdpPrograms(device.xdp);
  startDevice(json, device);
  if (isMulti(device.xdp)) {
    json.name('multi_attachments').startArray();
    for (const program of programs) {
      json.startObject();
      xdpMembers(json, program);
      json.endObject();
    }
    json.endArray();
  } else for (const program of programs) xdpMembers(json, program);
  json.endObject();
}

function xdpMembers(json: JsonWriter, { mode, id }: XdpProgram): void {
  json.field('mode', mode).field('id', id);
}

function attached(json: JsonWriter, found: AttachedToDevice): void {
  startDevice(json, found.device);
  json.field('kind', found.place);
  if (found.programName !== undefined) json.field('name', found.programName);
  // Flags and the link are members also where they are empty or 0, which plain output leaves out.
  json.field('prog_id', found.programId);
  flags(json, 'prog_flags', found.programFlags);
  json.field('link_id', found.linkId);
  flags(json, 'link_flags', found.linkFlags);
  json.endObject();
}

/** Each bit as a number of its own, with the value it has. */
function flags(json: JsonWriter, name: string, value: number): void {
  json.name(name).startArray();
  for (const bit of bitsOf(value)) json.number(bit);
  json.endArray();
}

function bpfFilter(json: JsonWriter, device: NetworkDevice, { place, actions, ...program }: DeviceFilter): void {
  startDevice(json, device);
  json.field('kind', place);
  programMembers(json, program);
  if (actions !== undefined) {
    json.name('act').startArray();
    for (const action of actions) {
      json.startObject();
      programMembers(json, action);
      json.endObject();
    }
    json.endArray();
  }
  json.endObject();
}

function programMembers(json: JsonWriter, { name, programId }: BpfAction): void {
  if (name !== undefined) json.field('name', name);
  if (programId !== undefined) json.field('id', programId);
}
