import { type Handler, usage } from '../../cli/index.ts';
import { KernelTypes } from './kernel-types.ts';
import { forStructOps } from './select.ts';

/** `struct_ops { show | list } [STRUCT_OPS_MAP]` */
export const show: Handler = (ctx, words) => {
  if (words.left !== 0 && words.left !== 2) usage();
  const types = new KernelTypes(ctx);
  const { json } = ctx;
  forStructOps(ctx, words, {
    writer: json,
    work: (map) => {
      const info = map.info();
      const name = types.nameOf(info);
      // Blanks at the end are the reference's `%-32s`.
      if (json === undefined) ctx.print(`${info.id}: ${info.name.padEnd(15)} ${name.padEnd(32)}\n`);
      else
        json.startObject().field('id', info.id).field('name', info.name).field('kernel_struct_ops', name).endObject();
      return true;
    },
  });
};
