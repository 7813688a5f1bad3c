import { load } from 'tsbpftool';

interface Hello {
  readonly pid: number;
  readonly command: string;
  readonly message: string;
}

const file = new URL('../../examples/hello-ring-buffer-config.bpf.o', import.meta.url);
const signal = AbortSignal.timeout(500);

using object = load(file, { variables: { greeting: 'Hello there' }, maps: { config: { maxEntries: 64 } } });
object.programs.hello.attach();
object.maps.config.set(501, { message: 'Hi user 501!' });
for await (const event of object.maps.output.records<Hello>({ type: 'event_t', signal })) {
  console.log(event.pid, event.command, event.message);
}
console.log(object.variables.greeting.get());
