import type { XdpState } from './device.ts';
import { XDP_ATTACHED_DRV, XDP_ATTACHED_HW, XDP_ATTACHED_MULTI, XDP_ATTACHED_SKB } from '../uapi/index.ts';

/** A program and the mode it runs in: `generic`, `driver` or `offload`. */
export interface XdpProgram {
  readonly mode: string;
  readonly id: number;
}

const modes: Readonly<Record<number, string>> = {
  [XDP_ATTACHED_DRV]: 'driver',
  [XDP_ATTACHED_SKB]: 'generic',
  [XDP_ATTACHED_HW]: 'offload',
};

/** Whether programs of several modes are attached; then each has a record of its own. */
export function isMulti({ attached }: XdpState): boolean {
  return attached === XDP_ATTACHED_MULTI;
}

/** The programs, one of each mode. None for a mode this program has no name for. */
export function xdpPrograms(state: XdpState): XdpProgram[] {
  if (!isMulti(state)) return programOf(modes[state.attached], state.programId);
  return [
    ...programOf('generic', state.genericProgramId),
    ...programOf('driver', state.driverProgramId),
    ...programOf('offload', state.offloadProgramId),
  ];
}

function programOf(mode: string | undefined, id: number | undefined): XdpProgram[] {
  return mode === undefined || id === undefined ? [] : [{ mode, id }];
}
