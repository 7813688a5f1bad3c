// What fake-kernel.test.ts tests: a part of a program that takes the kernel as an argument.
import { type Kernel, load } from 'tsbpftool';

export interface Greeting {
  readonly pid: number;
  readonly command: string;
  readonly message: string;
}

/** Greets users by name until `signal` aborts; `greeted` is told of everybody who was. */
export async function greet(
  names: ReadonlyMap<number, string>,
  greeted: (greeting: Greeting) => void,
  { kernel, signal }: { readonly kernel?: Kernel; readonly signal?: AbortSignal } = {},
): Promise<void> {
  using object = load(new URL('hello-ring-buffer-config.bpf.o', import.meta.url), kernel && { kernel });
  const { config, output } = object.maps;
  for (const [uid, name] of names) config.set(uid, { message: `Hi ${name}` });
  object.programs.hello.attach();
  for await (const greeting of output.records<Greeting>({ type: 'event_t', signal })) greeted(greeting);
}
