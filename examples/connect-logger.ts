// Connections that the processes of a cgroup begin: node examples/connect-logger.ts CGROUP [SECONDS]
import { type EventSource, type GlobalVariable, load } from 'tsbpftool';

interface Connect {
  readonly pid: number;
  readonly address: number[];
  readonly port: number;
  readonly command: string;
}

const [path = '/sys/fs/cgroup', seconds = '5'] = process.argv.slice(2);
const signal = AbortSignal.timeout(Number(seconds) * 1000);

using object = load<{ maps: { connects: EventSource<Connect> }; variables: { missed: GlobalVariable<bigint> } }>(
  new URL('connect-logger.bpf.o', import.meta.url),
);
object.maps.connects.open();
object.programs.log_connect.attach({ path });
console.log('ready');
for await (const { pid, command, address, port } of object.maps.connects.records({ type: 'connect_t', signal })) {
  console.log(`${command} (${pid}) connects to ${[...address].join('.')}:${port}`);
}
console.log(`${object.variables.missed.get()} were missed`);
