import { load } from 'tsbpftool';

const file = new URL('../../test/fixtures/objects/globals.bpf.o', import.meta.url);

using object = load(file, { variables: { limit: 5n, points: [{ x: 10 }] } });
const { points, total } = object.variables;
points.set([{ y: 77 }]); // Only `y` of the first; the rest stays.
total.set(8);
console.log(points.get(), total.get());
