import type { Kernel } from '../sys/index.ts';
import {
  attr_btf_load,
  attr_map_create,
  attr_prog_load,
  attr_token_create,
  BPF_F_TOKEN_FD,
  bpf_cmd,
  copyStruct,
  type NativeStruct,
  structView,
} from '../uapi/index.ts';
import { withCalls } from './watch.ts';

/** The rights that a BPF file system delegates to this process's user namespace: a descriptor, or -errno. Since 6.9. */
export function createToken(kernel: Kernel, bpffsFd: number): number {
  return kernel.bpf(bpf_cmd.BPF_TOKEN_CREATE, structView(attr_token_create).set('bpffs_fd', bpffsFd));
}

/** A kernel whose maps, programs and BTF are made with the rights of a token. */
export function withTokenFd(kernel: Kernel, token: number): Kernel {
  return withCalls(kernel, {
    bpf: (command, attr) => kernel.bpf(command, giveToken(command, attr, token)),
    bpfInBackground: (command, attr) => kernel.bpfInBackground(command, giveToken(command, attr, token)),
  });
}

/** The attribute with the token in it, where the call takes one. */
function giveToken(command: number, attr: NativeStruct, token: number): NativeStruct {
  switch (command) {
    case bpf_cmd.BPF_MAP_CREATE: {
      const view = copyStruct(attr, attr_map_create).set('map_token_fd', token);
      return view.set('map_flags', (view.u32('map_flags') | BPF_F_TOKEN_FD) >>> 0);
    }
    case bpf_cmd.BPF_PROG_LOAD: {
      const view = copyStruct(attr, attr_prog_load).set('prog_token_fd', token);
      return view.set('prog_flags', (view.u32('prog_flags') | BPF_F_TOKEN_FD) >>> 0);
    }
    case bpf_cmd.BPF_BTF_LOAD: {
      const view = copyStruct(attr, attr_btf_load).set('btf_token_fd', token);
      return view.set('btf_flags', (view.u32('btf_flags') | BPF_F_TOKEN_FD) >>> 0);
    }
    default:
      return attr;
  }
}
