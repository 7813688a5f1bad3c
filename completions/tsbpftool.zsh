#compdef tsbpftool bpftool
# Completion of tsbpftool. Generated; do not edit.

_tsbpftool() {
  local program=${words[1]} paths='' line word
  local -a described
  for line in ${(f)"$(${(Q)program} __complete "${(Q@)words[2,CURRENT]}" 2>/dev/null)"}; do
    if [[ $line == :* ]]; then
      paths=${line#:}
      continue
    fi
    word=${line%%$'\t'*}
    word=${word//:/\\:}
    if [[ $line == *$'\t'* ]]; then described+=("$word:${line#*$'\t'}"); else described+=("$word"); fi
  done
  (( ${#described} )) && _describe -V argument described
  case $paths in
    files) _files ;;
    directories) _files -/ ;;
  esac
  return 0
}
_tsbpftool_is_bpftool() {
  [[ ${commands[bpftool]:A} == *tsbpftool* ]]
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  if [[ $service == bpftool ]] && ! _tsbpftool_is_bpftool; then _default; else _tsbpftool "$@"; fi
else
  compdef _tsbpftool tsbpftool
  _tsbpftool_is_bpftool && compdef _tsbpftool bpftool
  true
fi
