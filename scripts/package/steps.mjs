// What a program does with the library, from a map without an object to an event of a loaded one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';

export async function smoke(library, testing) {
  const { createMap, load, maps, takeInventory, openKernel } = library;

  const numbers = createMap({
    type: 'hash',
    name: 'pkg_numbers',
    key: 'u32',
    value: { a: 'u64', b: 'char[8]' },
    maxEntries: 8,
  });
  numbers.set(7, { a: 1n << 60n, b: 'seven' });
  assert.deepEqual(numbers.get(7), { a: 1n << 60n, b: 'seven' });
  assert.equal(numbers.get(8), undefined);
  const found = maps.byName('pkg_numbers');
  assert.equal(found.length, 1);
  for (const map of found) map.close();
  assert.throws(() => numbers.set('x', { a: 1n, b: '' }), library.TsbpfError);

  const object = load('node_modules/tsbpftool/examples/hello-ring-buffer-config.bpf.o', {
    variables: { greeting: 'Hello pkg' },
    maps: { config: { maxEntries: 64 } },
  });
  object.maps.config.set(501, { message: 'Hi 501' });
  assert.deepEqual(object.maps.config.get(501), { message: 'Hi 501' });
  const inventory = takeInventory(openKernel());
  assert.ok(inventory.programs.some(({ name }) => name === 'hello'));

  const end = new AbortController();
  const records = object.maps.output.records({ type: 'event_t', signal: end.signal });
  const link = object.programs.hello.attach();
  const child = spawn('/bin/true');
  const late = setTimeout(() => end.abort(), 20_000);
  let seen = 0;
  for await (const event of records) {
    if (event.message !== 'Hello pkg') continue;
    assert.ok(event.pid > 0);
    seen++;
    break;
  }
  clearTimeout(late);
  assert.equal(seen, 1, `no event of process ${child.pid}`);
  link.close();
  object.close();
  numbers.close();
  assert.equal(maps.byName('pkg_numbers').length, 0);
  assert.throws(() => object.maps.config.get(501), library.TsbpfError);

  const fake = testing.fakeKernel();
  const map = createMap({ type: 'array', key: 'u32', value: 'u32', maxEntries: 2 }, { kernel: fake });
  map.set(1, 5);
  assert.equal(map.get(1), 5);
  map.close();
  assert.equal(fake.counts().maps, 0);
}
