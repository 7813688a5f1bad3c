import { type Context, failSilently, type Handler, usage, type Words } from '../../cli/index.ts';
import { strerror, SyscallError } from '../../errors/index.ts';
import { DeviceFilters, networkDevices, RouteNetlink } from '../../kernel/index.ts';
import type { NetworkDevice } from '../../netlink/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { visitAttached } from './describe.ts';
import { readDeviceIndex } from './device-word.ts';
import { flowDissector } from './flow-dissector.ts';
import { jsonPrinter } from './json.ts';
import { netfilterLinks } from './netfilter-links.ts';
import { failureOf, type NetlinkFailure } from './netlink-failure.ts';
import { plainPrinter } from './plain.ts';
import type { NetPrinter, Section } from './printer.ts';

interface Show {
  readonly ctx: Context;
  readonly printer: NetPrinter;
  readonly netlink: RouteNetlink;
}

/**
 * `net show|list [dev NAME]`: programs attached to the devices of this network namespace, to it and to netfilter.
 * do_show() of bpftool's src/net.c.
 */
export const show: Handler = (ctx, words) => {
  const only = readFilter(ctx, words);
  // Asked before anything is printed, since it may end the command.
  const dissector = flowDissector(ctx);
  using netlink = openNetlink(ctx);
  const printer = ctx.json === undefined ? plainPrinter((text) => ctx.print(text)) : jsonPrinter(ctx.json);
  printer.begin();
  const failure = showDevices({ ctx, printer, netlink }, only);
  section(printer, 'flow_dissector', () => {
    if (dissector !== undefined) printer.flowDissector(dissector);
  });
  section(printer, 'netfilter', () => {
    for (const link of netfilterLinks(ctx)) printer.netfilter(link, link.programId);
  });
  printer.end();
  // Failures of netlink come below the whole document; the sections that need none were shown.
  if (failure === undefined) return 0;
  ctx.printError(`Error: ${failure instanceof SyscallError ? strerror(failure.errno) : failure.summary}\n`);
  return -failure.errno;
};

/** The index of the device that is named; undefined where all are meant. */
function readFilter(ctx: Context, words: Words): number | undefined {
  if (words.left === 0) return undefined;
  return words.left === 2 ? readDeviceIndex(ctx, words) : usage();
}

function openNetlink(ctx: Context): RouteNetlink {
  try {
    return new RouteNetlink(kernelOf(ctx));
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    ctx.printError('failed to open netlink sock\n');
    return failSilently();
  }
}

/** The sections that netlink answers; the second only if the first could be had. Answers what went wrong. */
function showDevices(state: Show, only: number | undefined): NetlinkFailure | undefined {
  const { ctx, printer, netlink } = state;
  let devices: NetworkDevice[] = [];
  const failure = section(printer, 'xdp', () =>
    failureOf(ctx, () => {
      devices = networkDevices(netlink).filter(({ index }) => only === undefined || index === only);
      for (const device of devices) printer.xdp(device);
    }),
  );
  return failure ?? section(printer, 'tc', () => failureOf(ctx, () => showTrafficControl(state, devices)));
}

function showTrafficControl({ ctx, printer, netlink }: Show, devices: readonly NetworkDevice[]): void {
  const filters = new DeviceFilters(netlink);
  for (const device of devices) {
    visitAttached(ctx, device, (found) => printer.attached(found));
    filters.visit(device.index, (filter) => printer.filter(device, filter));
  }
}

function section<T>(printer: NetPrinter, name: Section, body: () => T): T {
  printer.beginSection(name);
  const result = body();
  printer.endSection();
  return result;
}
