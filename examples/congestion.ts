// A congestion control written in BPF, there for sockets that ask for `bpf_counting`: node examples/congestion.ts [SECONDS]
import { setTimeout as pause } from 'node:timers/promises';
import { type GlobalVariable, load } from 'tsbpftool';

const [seconds = '5'] = process.argv.slice(2);

using object = load<{ variables: { connections: GlobalVariable<bigint>; acknowledgements: GlobalVariable<bigint> } }>(
  new URL('congestion.bpf.o', import.meta.url),
);
object.attach();
console.log('ready');
await pause(Number(seconds) * 1000);
const { connections, acknowledgements } = object.variables;
console.log(`${connections.get()} connections, ${acknowledgements.get()} acknowledgements`);
