import { compileValuePrinter, type Btf } from '../../btf/index.ts';
import { type Context, failSilently, type Handler, UsageExit, usage } from '../../cli/index.ts';
import { TsbpfError } from '../../errors/index.ts';
import { BpfProgram } from '../../kernel/index.ts';
import { JsonWriter } from '../../output/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { KernelTypes } from './kernel-types.ts';
import { forStructOps } from './select.ts';

/** `struct_ops dump [STRUCT_OPS_MAP]`: what the kernel says of each, and its value, by the kernel's types. */
export const dump: Handler = (ctx, words) => {
  if (words.left !== 0 && words.left !== 2) usage();
  const types = new KernelTypes(ctx);
  const { btf } = types;
  if (btf === undefined) failSilently();
  const infoType = structNamed(ctx, btf, 'bpf_map_info');
  const writer = ctx.json ?? new JsonWriter(ctx.stdout, { pretty: true });
  // Types of the running kernel: a newer kernel's bpf_map_info shows more members.
  const print = (typeId: number, bytes: Uint8Array): void => {
    writer.beginValue();
    const options = { plain: ctx.json === undefined, pretty: writer.pretty, depth: writer.depth };
    // Pointers to functions are ids of programs in this value, and shown by their names.
    compileValuePrinter(btf, typeId, { ...options, programName: (id) => programName(ctx, id) })(ctx.stdout, bytes, 0);
  };
  try {
    forStructOps(ctx, words, {
      writer,
      // Each map is two objects of the array: what the kernel says of it, and its value.
      work: (map) => {
        const info = map.info();
        const value = new Uint8Array(info.valueSize);
        // The only element has the key 0.
        if (map.tryLookup(new Uint8Array(4), value) < 0) {
          ctx.error(`can't lookup struct_ops map ${info.name} id ${info.id}`);
          return false;
        }
        writer.startObject().name('bpf_map_info');
        print(infoType.id, map.rawInfo(infoType.size));
        writer.endObject();
        writer.startObject().name(btf.typeById(info.btfVmlinuxValueTypeId)?.name ?? '');
        print(info.btfVmlinuxValueTypeId, value);
        writer.endObject();
        return true;
      },
    });
  } catch (error) {
    if (ctx.json === undefined && !(error instanceof UsageExit)) ctx.print('\n');
    throw error;
  }
  if (ctx.json === undefined) ctx.print('\n');
};

function structNamed(ctx: Context, btf: Btf, name: string): { id: number; size: number } {
  const type = btf.findByName(name, 'struct');
  if (type?.kind === 'struct') return type;
  ctx.error(`can't find ${name} from btf_vmlinux`);
  failSilently();
}

/** Name of a program's main function; undefined where its BTF does not tell. */
function programName(ctx: Context, id: number): string | undefined {
  try {
    using program = BpfProgram.openById(kernelOf(ctx), id);
    const info = program.info();
    return info.btfId === 0 || info.functionInfoCount === 0 ? undefined : program.fullName(info);
  } catch (error) {
    if (!(error instanceof TsbpfError)) throw error;
    return undefined;
  }
}
