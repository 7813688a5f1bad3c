// `struct_ops register`: do_register() of bpftool's src/struct_ops.c.
import { CommandFailure, type Context, failSilently, type Handler, usage } from '../../cli/index.ts';
import { strerror, TsbpfError } from '../../errors/index.ts';
import { type LoadedMap, type LoadedObject, loadObject, registerStructOps } from '../../loader/index.ts';
import type { DiagnosticLog } from '../../object/index.ts';
import { BPF_F_LINK, bpf_map_type } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { liftMemoryLimit } from '../shared/memlock.ts';
import { diagnostics } from '../shared/libbpf-log.ts';
import { readObject } from '../shared/object-file.ts';
import { mountBpffsDirectory } from '../shared/pin.ts';
import { KernelTypes } from './kernel-types.ts';

/** What all maps of the object have in common. */
interface Registration {
  readonly object: LoadedObject;
  readonly types: KernelTypes;
  readonly log: DiagnosticLog;
  /** Directory for pins of links; undefined where none are pinned. */
  readonly linkFolder: string | undefined;
}

/** `struct_ops register OBJ [LINK_DIR]` */
export const register: Handler = (ctx, words) => {
  if (words.left !== 1 && words.left !== 2) usage();
  const path = words.next();
  const linkFolder = words.left > 0 ? words.next() : undefined;
  // Before the object is opened, as in the reference.
  if (linkFolder !== undefined) mount(ctx, linkFolder);
  const log = diagnostics(ctx);
  using object = load(ctx, path, log);
  const registration = { object, types: new KernelTypes(ctx), log, linkFolder };
  const maps = object.maps.filter(({ spec }) => spec.type === bpf_map_type.BPF_MAP_TYPE_STRUCT_OPS);
  // One that fails does not hold back the others.
  const results = maps.map((map) => registerMap(ctx, registration, map));
  if (results.includes(false)) failSilently();
  if (maps.length === 0) {
    ctx.error(`no struct_ops found in ${path}`);
    failSilently();
  }
  ctx.json?.null();
};

function mount(ctx: Context, folder: string): void {
  try {
    mountBpffsDirectory(ctx, folder);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    if (!error.silent) ctx.error(error.message);
    ctx.error("can't mount bpffs for pinning");
    failSilently();
  }
}

/** libbpf has said what is wrong. */
function load(ctx: Context, path: string, log: DiagnosticLog): LoadedObject {
  try {
    const spec = readObject(ctx, path, log);
    liftMemoryLimit(ctx);
    return loadObject(kernelOf(ctx), spec, { log, ...(ctx.options.debug ? { logLevel: 7 } : {}) });
  } catch (error) {
    if (!(error instanceof TsbpfError)) throw error;
    failSilently();
  }
}

/** The errno of an expected failure; throws any other. */
function knownErrno(error: unknown): number {
  if (!(error instanceof TsbpfError) || error.errno === undefined) throw error;
  return error.errno;
}

function registerMap(ctx: Context, registration: Registration, loaded: LoadedMap): boolean {
  const kernel = kernelOf(ctx);
  const { object, types, log, linkFolder } = registration;
  let link: ReturnType<typeof registerStructOps>;
  try {
    link = registerStructOps({ kernel, log }, object, loaded);
  } catch (error) {
    ctx.error(`can't register struct_ops ${loaded.name}: ${strerror(knownErrno(error))}`);
    return false;
  }
  try {
    const info = loaded.info();
    const name = `${types.nameOf(info)} ${info.name}`;
    // Without BPF_F_LINK the map itself is the registration, and stays until its element is deleted.
    if ((loaded.spec.flags & BPF_F_LINK) === 0 || link === undefined) {
      ctx.info(`Registered ${name} id ${info.id}`);
      return true;
    }
    let linkId: number;
    try {
      linkId = link.info().id;
    } catch (error) {
      ctx.error(`Registered ${loaded.name} but can't find link id: ${strerror(knownErrno(error))}`);
      return false;
    }
    try {
      if (linkFolder !== undefined) link.pin(`${linkFolder}/${info.name}`, log);
    } catch (error) {
      ctx.error(`can't pin link ${linkId} for ${info.name}: ${strerror(knownErrno(error))}`);
      return false;
    }
    // A link that is not pinned ends with this command, and the registration with it.
    ctx.info(`Registered ${name} map id ${info.id} link id ${linkId}`);
    return true;
  } catch (error) {
    // No error: the operations are registered.
    ctx.info(`Registered ${loaded.name} but can't find id: ${strerror(knownErrno(error))}`);
    return true;
  } finally {
    link?.close();
  }
}
