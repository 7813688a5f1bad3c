import { fail, type Handler, parseU32Once, usage } from '../../cli/index.ts';
import { strerror } from '../../errors/index.ts';
import { BpfMap, createMap } from '../../kernel/index.ts';
import { BPF_OBJ_NAME_LEN, mapTypeFromName } from '../../uapi/index.ts';
import { kernelOf } from '../shared/kernel.ts';
import { deviceIndex } from '../shared/net-device.ts';
import { liftMemoryLimit } from '../shared/memlock.ts';
import { pinObject } from '../shared/pin.ts';
import { selectMap } from '../shared/select-map.ts';

/**
 * `map create FILE type TYPE key KEY_SIZE value VALUE_SIZE entries MAX_ENTRIES name NAME …`: do_create() of
 * bpftool's src/map.c.
 */
export const create: Handler = (ctx, words) => {
  // FILE, type, key and value with their arguments; `name` is checked below, `entries` is left to the kernel.
  words.require(7);
  const path = words.next();
  const kernel = kernelOf(ctx);
  // 0 stands for "not given", as in the reference: a zero that is named twice goes unnoticed, and so does `type
  // unspec`.
  let [type, keySize, valueSize, maxEntries, flags, ifindex] = [0, 0, 0, 0, 0, 0];
  let name: string | undefined;
  let inner: BpfMap | undefined;
  try {
    while (words.left > 0) {
      words.require(2);
      if (words.take('type')) {
        if (type !== 0) fail('map type already specified');
        const word = words.next();
        type = mapTypeFromName(word) ?? fail(`unrecognized map type: ${word}`);
      } else if (words.take('name')) {
        name = words.next();
        // The kernel's names have 16 bytes, the last of which is NUL.
        if (Buffer.byteLength(name) > BPF_OBJ_NAME_LEN - 1) {
          ctx.info(`Warning: map name is longer than ${BPF_OBJ_NAME_LEN - 1} characters, it will be truncated.`);
        }
      } else if (words.take('key')) keySize = parseU32Once(words, keySize, 'key size');
      else if (words.take('value')) valueSize = parseU32Once(words, valueSize, 'value size');
      else if (words.take('entries')) maxEntries = parseU32Once(words, maxEntries, 'max entries');
      else if (words.take('flags')) flags = parseU32Once(words, flags, 'flags');
      else if (words.at('dev') || words.at('offload_dev')) {
        if (words.at('dev')) {
          ctx.info(
            "Warning: 'bpftool map create [...] dev <ifname>' syntax is deprecated.\n" +
              "Going further, please use 'offload_dev <ifname>' to request hardware offload for the map.",
          );
        }
        words.next();
        if (ifindex !== 0) fail('offload device already specified');
        ifindex = deviceIndex(ctx, words.next());
      } else if (words.take('inner_map')) {
        // The reference reports, and shows the usage after that; everywhere else the report is enough.
        if (words.left < 2) {
          ctx.error(`'${words.previous}' needs at least 2 arguments, ${words.left} found`);
          usage();
        }
        // Only its shape is taken (sizes, type, flags): the kernel does not hold on to the inner map itself.
        inner = selectMap(ctx, words, { readOnly: true });
      } else fail(`unknown arg ${words.peek()}`);
    }
    if (name === undefined) fail('map name not specified');
    // Before Linux 5.11 the memory of maps counts against RLIMIT_MEMLOCK, 64 KiB by default.
    liftMemoryLimit(ctx);
    const fd = createMap(kernel, {
      type, name, keySize, valueSize, maxEntries, flags, ifindex, innerMapFd: inner?.fd.number ?? 0,
    }); // biome-ignore format: one request
    if (fd < 0) fail(`map create failed: ${strerror(-fd)}`);
    using map = new BpfMap(kernel, fd, { isKnown: true });
    pinObject(ctx, map, path);
    ctx.json?.null();
  } finally {
    inner?.close();
  }
};
