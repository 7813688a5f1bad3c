// What may differ between two equal runs, taken out of both outputs.
import type { Normalisation } from './case.ts';

const rules: Record<Normalisation, (text: string) => string> = {
  // The reference shows holders only when built with skeletons; Debian's is not. Ours shows them always (V1).
  pids: (text) => text.replace(/\n\tpids [^\n]*/g, '').replace(/,\s*"pids":\s*\[\s*\{.*?\}\s*\]/gs, ''),
  // Each program made its own objects, so ids of programs, maps, links and BTF differ.
  ids: (text) =>
    text
      .replace(/^\d+: /gm, 'N: ')
      .replace(/("(?:id|btf_id|prog_id|map_id|inner_map_id|attach_btf_obj_id|target_obj_id)":\s*)\d+/g, '$1N')
      .replace(/("(?:ifindex|cgroup_id|netns_ino)":\s*)\d+/g, '$1N')
      .replace(/\b(ifindex \w+)\(\d+\)/g, '$1(N)')
      .replace(/\bcgroup_id \d+/g, 'cgroup_id N')
      .replace(/("map_ids":\s*\[)[^\]]*\]/g, '$1N]')
      .replace(/\b(btf_id|prog_id|map_ids|map_id|inner_map_id:|prog|target_obj_id) \d+(,\d+)*/g, '$1 N')
      .replace(/\bmap\[id:\d+\]/g, 'map[id:N]')
      .replace(/^((?:R|Unr)egistered \S+ \S+(?: map)? id )\d+( link id )?(?:\d+)?/gm, '$1N$2')
      .replace(/\bprog_id:\d+/g, 'prog_id:N')
      // net show: a device's XDP programs and filters, the flow dissector.
      .replace(/^(\S+\(\d+\) .*) id \d+/gm, '$1 id N')
      .replace(/^id \d+$/gm, 'id N')
      .replace(/\blink_id(":\s*| )\d+/g, 'link_id$1N'),
  // Loaded a moment apart.
  times: (text) => text.replace(/loaded_at \S+/g, 'loaded_at T').replace(/("loaded_at":\s*)\d+/g, '$1T'),
  // The kernel charges what its allocator gives, which differs between two equal maps.
  memlock: (text) => text.replace(/memlock \d+B/g, 'memlock NB').replace(/("bytes_memlock":\s*)\d+/g, '$1N'),
  // JIT images and map values lie elsewhere for each copy.
  addresses: (text) => text.replace(/0x[0-9a-f]{8,16}/g, '0xA'),
  // Each program has other files open, and the verifier another time.
  descriptors: (text) => text.replace(/\bfd[= ]\d+/g, 'fd N').replace(/(verification time )\d+/g, '$1N'),
  // Listing several maps, the reference gives a map without BTF the btf_id of the map before it (documented difference).
  staleBtf: (text) =>
    text
      .replace(/\n\tbtf_id \d+( {2}frozen)?/g, (_, frozen) => (frozen ? '\n\tfrozen' : ''))
      .replace(/,\s*"btf_id":\s*\d+/g, ''),
  // How long a test run took: measured by the kernel each time.
  duration: (text) =>
    text
      .replace(/(Return value: \d+, duration(?: \(average\))?: )\d+ns/g, '$1Nns')
      .replace(/("retval":\s*\d+,\s*"duration":\s*)\d+/g, '$1N'),
  // Each program names the features it was built with: Debian's reference has no skeletons and signs programs.
  features: (text) => text.replace(/^features:.*$/m, 'features: F').replace(/("features":\s*)\{[^}]*\}/, '$1{F}'),
};

export function normalise(text: string, names: readonly Normalisation[]): string {
  return names.reduce((changed, name) => rules[name](changed), text);
}
