import { setTimeout as pause } from 'node:timers/promises';
import { load } from 'tsbpftool';

const file = new URL('../../examples/hello-ring-buffer-config.bpf.o', import.meta.url);
using object = load(file);
object.programs.hello.attach();
const { output } = object.maps;

// #region typed
const end = new AbortController();
setTimeout(() => end.abort(), 200);
for await (const event of output.records({ type: 'event_t', signal: end.signal })) console.log(event);
// #endregion

// #region raw
for await (const bytes of output.raw({ deadline: Date.now() + 200 })) console.log(bytes.length);
console.log(`${output.lost} lost`);
// #endregion

await pause(1);
