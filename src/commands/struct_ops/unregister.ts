import { type Handler, usage } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import { KernelTypes } from './kernel-types.ts';
import { forStructOps } from './select.ts';

/** `struct_ops unregister STRUCT_OPS_MAP` */
export const unregister: Handler = (ctx, words) => {
  if (words.left !== 2) usage();
  const types = new KernelTypes(ctx);
  forStructOps(ctx, words, {
    writer: undefined,
    work: (map) => {
      const info = map.info();
      const what = `${types.nameOf(info)} ${info.name} id ${info.id}`;
      // To delete the only element unregisters it. The kernel refuses it for maps with BPF_F_LINK: there the link is
      // what has to go.
      const result = map.tryDelete(new Uint8Array(4));
      if (result < 0) ctx.error(`can't unload ${what}: ${strerror(-result)}`);
      else ctx.info(`Unregistered ${what}`);
      return result >= 0;
    },
  });
};
