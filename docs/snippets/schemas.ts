import { outputSchema } from 'tsbpftool';

console.log(JSON.stringify(outputSchema('map', 'show'), undefined, 2));
