// Where members of the kernel's struct task_struct lie here: node examples/offsets.ts
import { type GlobalVariable, load } from 'tsbpftool';

interface Offsets {
  readonly pid: number;
  readonly tgid: number;
  readonly comm: number;
  readonly comm_size: number;
  readonly tasks: number;
  readonly size: number;
  readonly has_state: boolean;
  readonly has_new_state: boolean;
}

using object = load<{ variables: { task: GlobalVariable<Offsets> } }>(new URL('offsets.bpf.o', import.meta.url));
object.programs.look.run({ data: new Uint8Array(64) });
console.log(JSON.stringify(object.variables.task.get(), undefined, 2));
