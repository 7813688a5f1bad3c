import assert from 'node:assert/strict';
import { createMap, createProgram, enumNames, maps, op, pins, unpin } from 'tsbpftool';

// #region map
using packets = createMap({
  type: 'hash',
  name: 'packets',
  key: 'u32',
  value: { count: 'u64', device: 'char[16]' },
  maxEntries: 1000,
});
packets.set(1, { count: 5n, device: 'eth0' });
packets.get(1); // { count: 5n, device: 'eth0' }
// #endregion
assert.deepEqual(packets.get(1), { count: 5n, device: 'eth0' });

// #region many
packets.setMany([
  [2, { count: 1n, device: 'lo' }],
  [3, { count: 2n, device: 'lo' }],
]);
packets.take(2); // { count: 1n, device: 'lo' }, and gone
packets.deleteMany([1, 3, 99]); // 2: so many there were
// #endregion
assert.equal(packets.has(3), false);

// #region queue
using jobs = createMap({ type: 'queue', value: { id: 'u32' }, maxEntries: 2 });
jobs.push({ id: 1 }); // true
jobs.push({ id: 2 });
jobs.push({ id: 3 }); // false: it is full
jobs.push({ id: 3 }, { evict: true }); // true: the oldest made room
jobs.peek(); // { id: 2 }, which stays
for (const { id } of jobs.drain()) console.log('job', id);
// #endregion
assert.equal(jobs.pop(), undefined);

// #region program
using seen = createMap({ type: 'array', value: 'u64', maxEntries: 1 });
using program = createProgram({
  type: 'xdp',
  name: 'count_packets',
  maps: { seen },
  code: [
    op.store('u32', op.at('r10', -4), 0),
    op.mapAddress('r1', 'seen'),
    op.alu('=', 'r2', 'r10'),
    op.alu('+=', 'r2', -4),
    op.call('map_lookup_elem'),
    op.jump('==', 'r0', 0, 'out'),
    op.alu('=', 'r1', 1),
    op.atomicAdd(op.at('r0'), 'r1'),
    op.label('out'),
    op.alu('=', 'r0', 2), // XDP_PASS
    op.exit(),
  ],
});
// #endregion

// #region run
const { returnValue, duration, data } = program.run({ data: new Uint8Array(64), repeat: 1000 });
console.log(`returned ${returnValue} after ${duration} ns; the packet has ${data.length} bytes`);
seen.get(0); // 1000n
// #endregion
assert.deepEqual([returnValue, data.length, seen.get(0)], [2, 64, 1000n]);

const place = `/sys/fs/bpf/tsq_docs_${process.pid}`;
// #region pins
packets.pin(place);
for (const { path, id } of pins({ kind: 'map' })) console.log(path, id);
{
  using same = maps.pinned<number, { count: bigint; device: string }>(place);
  same.set(7, { count: 1n, device: 'lo' });
}
unpin(place); // true; false where there is none
// #endregion
assert.equal(packets.get(7)?.device, 'lo');

// #region names
enumNames.programType.nameOf(6); // 'xdp'
enumNames.attachType.numberOf('cgroup_inet4_connect'); // 10
for (const [name, number] of enumNames.mapType.all()) console.log(number, name);
// #endregion
assert.deepEqual([enumNames.programType.nameOf(6), enumNames.attachType.numberOf('cgroup_inet4_connect')], ['xdp', 10]);
