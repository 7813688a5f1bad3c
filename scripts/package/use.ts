import { createMap, load, maps, type TypedMap } from 'tsbpftool';
import { parseBtf } from 'tsbpftool/btf';
import { fakeKernel } from 'tsbpftool/testing';

interface Message {
  readonly message: string;
}
interface Event {
  readonly pid: number;
  readonly message: string;
}

export async function main(signal: AbortSignal): Promise<void> {
  using object = load('hello.bpf.o', { variables: { limit: 99 }, maps: { config: { maxEntries: 64 } } });
  using link = object.programs.hello!.attach();
  object.maps.config!.set(501, { message: 'Hi user 501!' });
  for await (const event of object.maps.output!.records<Event>({ type: 'data_t', signal }))
    print(event.pid, event.message);
  print(object.variables.counter!.get(), link);

  using numbers = createMap({ type: 'hash', key: 'u32', value: { a: 'u64', b: 'char[8]' }, maxEntries: 8 });
  numbers.set(1, { a: 1n, b: 'x' });
  const value: { a: bigint; b: string } | undefined = numbers.get(1);
  const pinned: TypedMap<number, Message> = maps.pinned<number, Message>('/sys/fs/bpf/x');
  const text: string | undefined = pinned.get(5)?.message;
  print(value, text, parseBtf(new Uint8Array(24)).typeCount, fakeKernel().counts().maps);
}

function print(...values: readonly unknown[]): void {
  void values;
}
