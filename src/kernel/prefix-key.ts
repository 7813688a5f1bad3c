import { expectBytes, hostIsLittleEndian } from '../bytes/index.ts';
import { UsageError } from '../errors/index.ts';
import { ipBytes, ipText } from './addresses.ts';

/**
 * A prefix as an LPM trie has it for a key, `struct bpf_lpm_trie_key_u8`: the length in bits (u32, the host's order) and the
 * address in network order; 8 bytes for IPv4, 20 for IPv6. `10.0.0.0/8`, `2001:db8::/32`; an address alone is the prefix of
 * all its bits. UsageError for what is no prefix.
 */
export function prefixKey(text: string): Uint8Array {
  const [, address = '', length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const bytes = ipBytes(address);
  if (bytes === undefined) throw new UsageError(`'${text}' is no IP address or prefix, as 10.0.0.0/8 or 2001:db8::/32`);
  const most = bytes.length * 8;
  const bits = length === undefined ? most : Number(length);
  if (bits > most) throw new UsageError(`'${text}': a prefix of this address has at most ${most} bits`);
  const key = new Uint8Array(4 + bytes.length);
  new Uint32Array(key.buffer, 0, 1)[0] = bits;
  key.set(bytes, 4);
  return key;
}

/** `ADDRESS/LENGTH` of a key that `prefixKey` makes. UsageError for a key of another size or longer than its address. */
export function prefixText(key: Uint8Array): string {
  expectBytes(key, 'key of a prefix', { least: 4 });
  const address = key.subarray(4);
  const bits = new DataView(key.buffer, key.byteOffset).getUint32(0, hostIsLittleEndian);
  if ((address.length !== 4 && address.length !== 16) || bits > address.length * 8) {
    throw new UsageError(`a key of ${key.length} bytes that says ${bits} bits is no IP prefix`);
  }
  return `${ipText(address)}/${bits}`;
}
