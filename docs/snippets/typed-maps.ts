import { load, maps, type TypedMap } from 'tsbpftool';

interface Message {
  readonly message: string;
}

const file = new URL('../../examples/hello-ring-buffer-config.bpf.o', import.meta.url);

// #region use
using object = load<{ maps: { config: TypedMap<number, Message> } }>(file);
const { config } = object.maps;
config.set(501, { message: 'Hi user 501!' });
config.get(501); // { message: 'Hi user 501!' }
config.has(7); // false
config.set(501, { message: 'Hello again' }, 'exist');
for await (const [uid, { message }] of config) console.log(uid, message);
config.delete(501);
// #endregion

// #region by-name
for (const map of maps.byName<number, Message>('config')) {
  using found = map;
  console.log(found.info.id, found.info.maxEntries);
}
// #endregion
