// Drops packets from networks: node examples/drop-list.ts DEVICE SECONDS NETWORK…, as 10.0.0.0/8 or 192.0.2.1
import { setTimeout as pause } from 'node:timers/promises';
import { load, type TypedMap, UsageError } from 'tsbpftool';

interface Prefix {
  readonly bits: number;
  readonly address: number[];
}

const [device = 'lo', seconds = '5', ...networks] = process.argv.slice(2);

using object = load<{ maps: { dropped: TypedMap<Prefix, bigint> } }>(new URL('drop-list.bpf.o', import.meta.url));
const { dropped } = object.maps;
for (const network of networks) dropped.set(prefixOf(network), 0n);
object.programs.drop.attach({ device });
console.log('ready');
await pause(Number(seconds) * 1000);
for await (const [{ bits, address }, packets] of dropped) {
  console.log(`${[...address].join('.')}/${bits}: ${packets} dropped`);
}

function prefixOf(network: string): Prefix {
  const [address = '', bits = '32'] = network.split('/');
  const bytes = address.split('.').map(Number);
  if (bytes.length !== 4) throw new UsageError(`${network} is no IPv4 network`);
  return { bits: Number(bits), address: bytes };
}
