import type { Kernel } from '../sys/index.ts';
import { attr_map_batch, bpf_cmd, type StructView, structView } from '../uapi/index.ts';

/** Room for elements that are read together. */
export interface BatchLookup {
  readonly fd: number;
  /** Where the call goes on, as the one before said; undefined at the beginning. */
  readonly from: Uint8Array | undefined;
  /** Says where the next call goes on: a bucket's number or a whole key. */
  readonly to: Uint8Array;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  /** The most elements for which there is room. */
  readonly count: number;
}

/** Elements that are written together. */
export interface BatchUpdate {
  readonly fd: number;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly count: number;
}

/** `result`: 0 or -errno. `count`: how many elements were done; where the call was refused as a whole, as was asked. */
export interface BatchOutcome {
  readonly result: number;
  readonly count: number;
}

type BatchView = StructView<typeof attr_map_batch>;

/** BPF_MAP_LOOKUP_BATCH; -ENOENT where the elements that came are the last. Since 5.6. */
export function lookupBatch(kernel: Kernel, request: BatchLookup): BatchOutcome {
  return now(kernel, bpf_cmd.BPF_MAP_LOOKUP_BATCH, lookupView(request));
}

/** As `lookupBatch`, on another thread. The arrays must be left alone until it resolves. */
export function lookupBatchInBackground(kernel: Kernel, request: BatchLookup): Promise<BatchOutcome> {
  return later(kernel, bpf_cmd.BPF_MAP_LOOKUP_BATCH, lookupView(request));
}

/** BPF_MAP_UPDATE_BATCH. Since 5.6, for some types later. */
export function updateBatch(kernel: Kernel, request: BatchUpdate): BatchOutcome {
  return now(kernel, bpf_cmd.BPF_MAP_UPDATE_BATCH, updateView(request));
}

/** As `updateBatch`, on another thread. The arrays must be left alone until it resolves. */
export function updateBatchInBackground(kernel: Kernel, request: BatchUpdate): Promise<BatchOutcome> {
  return later(kernel, bpf_cmd.BPF_MAP_UPDATE_BATCH, updateView(request));
}

/** BPF_MAP_DELETE_BATCH of packed keys; stops at the first that is not there (-ENOENT). Since 5.6, for some types later. */
export function deleteBatch(kernel: Kernel, { fd, keys, count }: Omit<BatchUpdate, 'values'>): BatchOutcome {
  const attr = structView(attr_map_batch).set('map_fd', fd).set('count', count).point('keys', keys);
  return now(kernel, bpf_cmd.BPF_MAP_DELETE_BATCH, attr);
}

function lookupView({ fd, from, to, keys, values, count }: BatchLookup): BatchView {
  const attr = structView(attr_map_batch).set('map_fd', fd).set('count', count);
  return attr.point('in_batch', from).receive('out_batch', to).receive('keys', keys).receive('values', values);
}

function updateView({ fd, keys, values, count }: BatchUpdate): BatchView {
  return structView(attr_map_batch).set('map_fd', fd).set('count', count).point('keys', keys).point('values', values);
}

function now(kernel: Kernel, command: number, attr: BatchView): BatchOutcome {
  const result = kernel.bpf(command, attr);
  return { result, count: attr.u32('count') };
}

async function later(kernel: Kernel, command: number, attr: BatchView): Promise<BatchOutcome> {
  const result = await kernel.bpfInBackground(command, attr);
  return { result, count: attr.u32('count') };
}
