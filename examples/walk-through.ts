// Greets every program start for a while, as root: node examples/walk-through.ts [SECONDS] [UID=MESSAGE…]
import { load } from 'tsbpftool';

interface Event {
  readonly pid: number;
  readonly uid: number;
  readonly command: string;
  readonly message: string;
}

const [seconds = '5', ...messages] = process.argv.slice(2);
const signal = AbortSignal.timeout(Number(seconds) * 1000);

using object = load(new URL('hello-buffer-config.bpf.o', import.meta.url), {
  variables: { greeting: 'Hello there' },
  maps: { config: { maxEntries: 64 } },
});
const { config, output } = object.maps;
for (const [uid, message = ''] of messages.map((word) => word.split('='))) config.set(Number(uid), { message });
// From here on nothing is missed.
output.open();
object.programs.hello.attach();
console.log('ready');
for await (const { pid, uid, command, message } of output.records<Event>({ type: 'event_t', signal })) {
  console.log(`${command} ${pid} (user ${uid}): ${message}`);
}
