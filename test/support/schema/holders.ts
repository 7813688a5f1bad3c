// Objects that this process holds, so that there is something to say of holders and of perf events.
import { closeSync } from 'node:fs';
import { openPerfEvent, tracefs, uprobe } from '../parity/fixtures/links.ts';
import { Attr, createLink, loadTiny, openPin, openRawTracepoint } from '../parity/fixtures/raw.ts';
import { FeatureMissing } from '../feature.ts';
import type { World } from '../parity/world.ts';

const progType = { kprobe: 2, tracepoint: 5, rawTracepoint: 17 };
const PERF_TYPE_TRACEPOINT = 2;
const BPF_PERF_EVENT = 41;
const BPF_BTF_GET_FD_BY_ID = 19;

/** Holds a map, a BTF object, a raw tracepoint, a tracepoint and a uprobe, with programs, until disposed of. */
export function holdObjects(world: World): Disposable {
  const held: number[] = [];
  const keep = (fd: number) => {
    held.push(fd);
    return fd;
  };
  const attach = (type: number, event: () => number) => {
    try {
      const target = keep(event());
      const programFd = keep(loadTiny({ type, name: 's_held' }));
      keep(createLink({ programFd, target, attachType: BPF_PERF_EVENT }));
    } catch (error) {
      if (!(error instanceof FeatureMissing)) throw error;
    }
  };
  keep(openPin(world.get('hash').pin));
  keep(new Attr().u32(0, Number(world.show('hello').btf_id)).call(BPF_BTF_GET_FD_BY_ID, 'opening BTF'));
  keep(openRawTracepoint(keep(loadTiny({ type: progType.rawTracepoint, name: 's_held' })), 'sched_process_exit'));
  attach(progType.tracepoint, () => {
    const config = BigInt(tracefs('events/sched/sched_process_exec/id'));
    return openPerfEvent({ type: PERF_TYPE_TRACEPOINT, config });
  });
  attach(progType.kprobe, () => openPerfEvent(uprobe(world, false)));
  return {
    [Symbol.dispose]: () => {
      for (const fd of held.splice(0).reverse()) closeSync(fd);
    },
  };
}
