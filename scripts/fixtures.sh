#!/bin/sh
# Rebuilds the committed BPF objects of examples/ and test/fixtures/objects/ from their sources.
# Needs: apt-get install clang libbpf-dev linux-libc-dev. CLANG=clang-19 picks another compiler.
# Arguments: the sources to rebuild; none means all.
set -eu
cd "$(dirname "$0")/.."
clang=${CLANG:-clang-14}
if [ $# -eq 0 ]; then
	set -- examples/*.bpf.c test/fixtures/objects/*.bpf.c
fi
for source in "$@"; do
	echo "$source"
	# A first line of the form "// cflags: ..." adds options for that source.
	extra=$(sed -n 's|^// cflags: ||p' "$source")
	# Paths are mapped so that line information does not name the build machine.
	# shellcheck disable=SC2086
	(cd "$(dirname "$source")" && "$clang" -target bpf -g -O2 -Wall -Wno-missing-declarations -I"/usr/include/$(uname -m)-linux-gnu" \
		-ffile-prefix-map="$PWD=." $extra -c "$(basename "$source")" -o "$(basename "$source" .c).o")
done
