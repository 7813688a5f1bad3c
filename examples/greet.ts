// Greets every program start, with the skeleton that `tsbpftool gen skeleton examples/hello-buffer-config.bpf.o --lang ts
// --event output=event_t` makes of the object. Users get messages of their own: greet.ts UID=MESSAGE…
import { HelloBufferConfig } from './generated/hello-buffer-config.ts';

using hello = HelloBufferConfig.open();
hello.variables.greeting.value = 'Hello there';
hello.load().attach();
for (const [uid, message = ''] of process.argv.slice(2).map((word) => word.split('='))) {
  hello.maps.config.set(Number(uid), { message });
}
for await (const { pid, command, message } of hello.maps.output) console.log(pid, command, message);
