// Packets a second by IP protocol on a network device: node examples/xdp-counter.ts DEVICE [SECONDS]
import { setTimeout as pause } from 'node:timers/promises';
import { load, type TypedMap } from 'tsbpftool';

interface Traffic {
  readonly packets: bigint;
  readonly bytes: bigint;
}

const [device = 'lo', seconds = '5'] = process.argv.slice(2);
const names = new Map([
  [1, 'ICMP'],
  [6, 'TCP'],
  [17, 'UDP'],
  [58, 'ICMPv6'],
  [255, 'no IP'],
]);

// What is said of the object's members here need not be cast later.
using object = load<{ maps: { traffic: TypedMap<number, Traffic[]> } }>(new URL('xdp-counter.bpf.o', import.meta.url));
object.programs.count.attach({ device });
console.log('ready');

const { traffic } = object.maps;
let before = new Map<number, bigint>();
for (let i = 0; i < Number(seconds); i++) {
  await pause(1000);
  const now = new Map<number, bigint>();
  for await (const [protocol, cpus] of traffic) {
    const packets = cpus.reduce((sum, cpu) => sum + cpu.packets, 0n);
    if (packets > 0n) now.set(protocol, packets);
  }
  const rates = [...now].map(([protocol, packets]) => {
    return `${names.get(protocol) ?? protocol} ${packets - (before.get(protocol) ?? 0n)}/s`;
  });
  console.log(rates.join(', ') || 'no packets');
  before = now;
}
