#!/bin/sh
# Rebuilds the committed BPF objects of examples/, test/fixtures/objects/ and test/fixtures/link/ and the programs (for x86-64) of
# test/fixtures/programs/ from their sources.
# Needs: apt-get install clang libbpf-dev linux-libc-dev gcc-bpf. CLANG=clang-19 picks another compiler.
# Arguments: the sources to rebuild; none means all.
set -eu
cd "$(dirname "$0")/.."
clang=${CLANG:-clang-14}
if [ $# -eq 0 ]; then
	set -- examples/*.bpf.c test/fixtures/objects/*.bpf.c test/fixtures/link/*.bpf.c test/fixtures/programs/*.c
fi
for source in "$@"; do
	echo "$source"
	case $source in
	*.bpf.c) ;;
	*)
		"$clang" --target=x86_64-linux-gnu -O2 -Wall -static -nostdlib -fno-stack-protector -fno-asynchronous-unwind-tables \
			-s -Wl,--build-id=none -o "${source%.c}" "$source"
		continue
		;;
	esac
	# A line of the form "// compiler: ..." has the object made by another compiler, with these options.
	other=$(sed -n 's|^// compiler: ||p' "$source")
	if [ -n "$other" ]; then
		# shellcheck disable=SC2086
		(cd "$(dirname "$source")" && $other -ffile-prefix-map="$PWD=." -c "$(basename "$source")" -o "$(basename "$source" .c).o")
		continue
	fi
	# A first line of the form "// cflags: ..." adds options for that source.
	extra=$(sed -n 's|^// cflags: ||p' "$source")
	# Paths are mapped so that line information does not name the build machine.
	# shellcheck disable=SC2086
	(cd "$(dirname "$source")" && "$clang" -target bpf -g -O2 -Wall -Wno-missing-declarations -I"/usr/include/$(uname -m)-linux-gnu" \
		-ffile-prefix-map="$PWD=." $extra -c "$(basename "$source")" -o "$(basename "$source" .c).o")
done
