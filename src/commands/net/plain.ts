// The text of `net show`: the NET_* macros of bpftool's src/netlink_dumper.h. Lines of tcx end in a blank, and so does
// a list of actions, which follows one.
import type { DeviceFilter } from '../../kernel/index.ts';
import { type BpfAction, type NetworkDevice, xdpPrograms } from '../../netlink/index.ts';
import { netfilterText } from '../shared/netfilter.ts';
import { printable } from '../shared/refs.ts';
import { type AttachedToDevice, bitsOf } from './describe.ts';
import type { NetPrinter } from './printer.ts';

/** Writes the text of `net show` through `print`. */
export function plainPrinter(print: (text: string) => void): NetPrinter {
  return {
    begin() {},
    end() {},
    beginSection: (section) => print(`${section}:\n`),
    endSection: () => print('\n'),
    xdp: (device) => print(xdpLine(device)),
    attached: (found) => print(attachedLine(found)),
    filter: (device, filter) => print(filterLine(device, filter)),
    // Without a newline: the section's end adds it.
    flowDissector: (programId) => print(`id ${programId}`),
    netfilter: (hook, programId) => print(`${netfilterText(hook)} prog_id ${programId}`),
  };
}

function deviceText({ name, index }: NetworkDevice): string {
  return `${printable(name)}(${index >>> 0})`;
}

function xdpLine(device: NetworkDevice): string {
  if (device.xdp === undefined) return '';
  const programs = xdpPrograms(device.xdp).map(({ mode, id }) => ` ${mode} id ${id}`);
  return `${deviceText(device)}${programs.join('')}\n`;
}

/** A program at a hook of tcx or netkit. */
function attachedLine(found: AttachedToDevice): string {
  const { programName, programFlags, linkId, linkFlags } = found;
  const name = programName === undefined ? '' : ` ${printable(programName)}`;
  const program = `${name} prog_id ${found.programId} ${flagsText('prog_flags', programFlags)}`;
  const link = linkId === 0 ? '' : `link_id ${linkId} ${flagsText('link_flags', linkFlags)}`;
  return `${deviceText(found.device)} ${found.place}${program}${link}\n`;
}

function flagsText(name: string, flags: number): string {
  return flags === 0 ? '' : `${[name, ...bitsOf(flags)].join(' ')} `;
}

/** A filter or action of cls_bpf and act_bpf; the name is the one given at attaching. */
function filterLine(device: NetworkDevice, { place, name, programId, actions }: DeviceFilter): string {
  const program = `${name === undefined ? '' : ` ${printable(name)}`}${idText(programId)}`;
  const list = actions === undefined ? '' : ` act [${actions.map(actionText).join('')}] `;
  return `${deviceText(device)} ${printable(place)}${program}${list}\n`;
}

function actionText({ name, programId }: BpfAction): string {
  return `{${name === undefined ? '' : printable(name)}${idText(programId)}}`;
}

function idText(id: number | undefined): string {
  return id === undefined ? '' : ` id ${id}`;
}
