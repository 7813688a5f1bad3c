import { type Context, fail, type Handler } from '../../cli/index.ts';
import { SyscallError, strerror } from '../../errors/index.ts';
import { type BpfCapability, bpfCapabilities, heldCapabilities, withoutCapabilities } from '../../host/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { liftMemoryLimit } from '../shared/memlock.ts';
import { Progress } from '../shared/progress.ts';
import { type Form, formOf } from './form.ts';
import { type ProbeRequest, readRequest } from './request.ts';
import { ProbeRun } from './sections.ts';
import { showSystem } from './system.ts';

/**
 * `feature probe [kernel | dev NAME] [full] [unprivileged] [macros [prefix PREFIX]]`: do_probe() of bpftool's
 * src/feature.c.
 */
export const probe: Handler = (ctx, words) => {
  liftMemoryLimit(ctx);
  const request = readRequest(ctx, words);
  const form = formOf(ctx, request.macroPrefix);
  const held = readCapabilities(ctx);
  if (request.unprivileged) {
    // Without rights there is nothing to drop.
    if (held.length === 0) show(ctx, request, form);
    else withoutCapabilities(kernelOf(ctx), () => show(ctx, request, form));
    return;
  }
  // Each of them lets some probes succeed that would fail otherwise, and so look unsupported.
  const missing = (Object.keys(bpfCapabilities) as BpfCapability[]).filter((name) => !held.includes(name));
  if (missing.length > 0) {
    fail(`missing ${missing.join(', ')}, required for full feature probing; run as root or use 'unprivileged'`);
  }
  show(ctx, request, form);
};

function readCapabilities(ctx: Context): BpfCapability[] {
  try {
    return heldCapabilities(kernelOf(ctx));
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return fail(`failed to get capabilities for process: ${strerror(error.errno)}`);
  }
}

function show(ctx: Context, request: ProbeRequest, form: Form): void {
  ctx.json?.startObject();
  // Settings and configuration are the host's: a device has none.
  if (request.component === 'kernel') showSystem(ctx, form);
  const progress = new Progress(ctx, { verb: 'tried', unit: 'helpers' }, { toFile: false });
  const run = new ProbeRun(kernelOf(ctx), request, form, () => progress.add(1));
  // Without bpf(2) there is nothing to ask.
  if (run.systemCall()) {
    run.programTypes();
    run.mapTypes();
    run.helpers();
    run.miscellaneous();
  }
  progress.end();
  ctx.json?.endObject();
}
