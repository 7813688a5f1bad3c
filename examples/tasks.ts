// All threads of the system, as lines of JSON that a BPF iterator writes: node examples/tasks.ts [PID]
import { load } from 'tsbpftool';

const [pid] = process.argv.slice(2);

using object = load(new URL('tasks.bpf.o', import.meta.url));
using link = object.programs.list.attach(pid === undefined ? {} : { pid: Number(pid) });
process.stdout.write(link.readText());
