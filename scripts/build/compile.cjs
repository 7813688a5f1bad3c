// Runs what people run most of a bundle, so that its functions are compiled, and keeps them. Arguments: bin/tsbpftool.js
// and the bundle. Where the kernel refuses to make maps and programs, less is kept.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const [tool, bundle] = process.argv.slice(2);
const loader = require(tool);
const { main, keep } = loader.loadToKeep(bundle);

const object = (name) => path.resolve(__dirname, '../../test/fixtures/objects', `${name}.bpf.o`);
const linked = path.join(os.tmpdir(), `tsbpftool-compile-${process.pid}`);
const pins = '/sys/fs/bpf';
const made = `${pins}/made`;
const map = ['pinned', `${pins}/maps/bench`];
const element = ['key', '1', '0', '0', '0', 'value', ...Array(32).fill('1')];

const commandsOf = {
  main: [
    ['version'],
    ['gen', 'skeleton', object('many-core')],
    ['map', 'show'],
    ['-j', 'prog', 'show'],
    ['link', 'show'],
    ['btf', 'dump', 'file', object('many-core')],
    ['btf', 'dump', 'file', object('many-core'), 'format', 'c'],
    ['net', 'show'],
    ['-j', 'net', 'show'],
    ['cgroup', 'tree'],
    ['feature', 'probe'],
    ['prog', 'loadall', object('many-core'), `${pins}/many`],
    ['prog', 'dump', 'xlated', 'pinned', `${pins}/many/m_long`],
  ],
  'map-show': [
    ['map', 'show'],
    ['-j', 'map', 'show'],
  ],
  'map-dump': [
    ['map', 'dump', ...map],
    ['-j', 'map', 'dump', ...map],
    ['map', 'dump', 'name', 'none'],
  ],
  map: [
    ['map', 'create', made, 'type', 'hash', 'key', '4', 'value', '8', 'entries', '4', 'name', 'made'],
    ['map', 'update', ...map, ...element],
    ['map', 'lookup', ...map, 'key', '1', '0', '0', '0'],
  ],
  feature: [
    ['feature', 'probe'],
    ['-j', 'feature', 'probe'],
  ],
  'gen-object': [
    ['gen', 'object', linked, object('many-core'), object('core')],
    ['gen', 'object', linked, object('many-core'), object('many-core')],
    ['gen', 'min_core_btf', '/sys/kernel/btf/vmlinux', linked, object('core'), object('many-core')],
  ],
  'prog-show': [
    ['prog', 'show'],
    ['-j', 'prog', 'show'],
  ],
  'prog-load': [
    ['prog', 'loadall', object('many-core'), `${pins}/many`],
    ['prog', 'loadall', object('core'), `${pins}/core`],
  ],
};

(async () => {
  const fill = ['prog', 'loadall', object('bench'), `${pins}/bench`, 'pinmaps', `${pins}/maps`];
  if (bundle.startsWith('map')) await loader.load('prog-load').main('tsbpftool', fill);
  for (const words of commandsOf[bundle]) await main('tsbpftool', words);
  fs.rmSync(linked, { force: true });
  keep();
  process.exit(0);
})();
