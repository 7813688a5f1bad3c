// How long the calls of a function take: node examples/latency.ts BINARY FUNCTION [SECONDS]
import { setTimeout as pause } from 'node:timers/promises';
import { type GlobalVariable, load } from 'tsbpftool';

const [binary = '/lib/x86_64-linux-gnu/libc.so.6', name = 'malloc', seconds = '5'] = process.argv.slice(2);

using object = load<{ variables: { calls: GlobalVariable<bigint[]> } }>(new URL('latency.bpf.o', import.meta.url));
object.programs.enter.attach({ binary, function: name });
object.programs.leave.attach({ binary, function: name, atReturn: true });
console.log('ready');
await pause(Number(seconds) * 1000);

const calls = object.variables.calls.get().map(Number);
const most = Math.max(...calls);
for (const [power, count] of calls.entries()) {
  if (count === 0) continue;
  const bar = '*'.repeat(Math.ceil((count / most) * 40));
  console.log(`${String(2 ** power).padStart(12)} ns  ${String(count).padStart(8)}  ${bar}`);
}
