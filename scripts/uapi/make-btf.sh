#!/bin/sh
# Makes the pinned BTF: make-btf.sh INCLUDE_DIR [CLANG]
# INCLUDE_DIR is usr/include of the pinned kernel's headers (Debian package linux-libc-dev).
# Clang emits BTF only for types that a variable uses, and anonymous enums cannot be used: so the headers are
# copied, their anonymous enums named anon_HEADER_N, and one variable declared for each.
set -e
include=$1
clang=${2:-clang}
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$include/linux" "$include/asm-generic" "$work/"
cp -rL "$include/x86_64-linux-gnu/asm" "$work/asm"
: >"$work/anonymous.h"
for header in bpf bpf_perf_event btf if_link if_xdp netfilter netlink rtnetlink pkt_sched pkt_cls tc_act/tc_bpf perf_event; do
	tag=$(echo "$header" | tr / _)
	awk -v tag="$tag" -v keep="$work/anonymous.h" '
		/^enum \{/ || /^enum$/ { n++; sub(/^enum/, "enum anon_" tag "_" n); printf "enum anon_%s_%d keep_%s_%d;\n", tag, n, tag, n >> keep }
		{ print }' "$work/linux/$header.h" >"$work/new.h"
	mv "$work/new.h" "$work/linux/$header.h"
done
"$clang" -target bpf -g -O2 -nostdinc -I"$work" -fdebug-compilation-dir=. -c "$here/uapi.bpf.c" -o "$work/uapi.o"
objcopy -I elf64-little -O binary --only-section=.BTF --set-section-flags .BTF=alloc "$work/uapi.o" "$here/linux-7.3.btf"
