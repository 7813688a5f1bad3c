// A unit test that needs no rights and no BPF: node --test examples/fake-kernel.test.ts
import assert from 'node:assert/strict';
import test from 'node:test';
import { maps } from 'tsbpftool';
import { fakeKernel } from 'tsbpftool/testing';
import { type Greeting, greet } from './greeter.ts';

test('greets users by the names they were given', async () => {
  const kernel = fakeKernel();
  const seen: Greeting[] = [];
  const end = new AbortController();
  const over = greet(new Map([[501, 'Ada']]), (greeting) => seen.push(greeting), { kernel, signal: end.signal });

  // What the program wrote is in the fake kernel's map …
  const [config] = maps.byName<number, { message: string }>(kernel, 'config');
  assert.deepEqual(config?.get(501), { message: 'Hi Ada' });
  config?.close();

  // … and an event comes from the test, in the place of the BPF program.
  kernel.push('output', { pid: 7, uid: 501, command: 'ls', message: 'Hi Ada' }, { type: 'event_t' });
  setTimeout(() => end.abort(), 20);
  await over;
  assert.deepEqual(
    seen.map(({ pid, message }) => ({ pid, message })),
    [{ pid: 7, message: 'Hi Ada' }],
  );

  // Everything was closed: programs, maps, links, descriptors.
  assert.deepEqual(kernel.counts(), { maps: 0, programs: 0, links: 0, btfs: 0, descriptors: 0 });
});
