# Completion of tsbpftool. Generated; do not edit.

_tsbpftool() {
  local cur=${COMP_WORDS[COMP_CWORD]} paths='' line word
  local words=()
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) paths=${line#:} ;;
      *) words+=("${line%%$'\t'*}") ;;
    esac
  done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  for word in "${words[@]}"; do
    [[ -n $paths ]] || printf -v word %q "$word"
    [[ $word == *= ]] && compopt -o nospace 2>/dev/null
    COMPREPLY+=("$word")
  done
  if [[ -n $paths ]]; then
    [[ $cur == = ]] && cur=''
    local kind=-f
    [[ $paths == directories ]] && kind=-d
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$kind" -- "$cur")
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _tsbpftool tsbpftool
if [[ $(readlink -f -- "$(type -P bpftool)" 2>/dev/null) == *tsbpftool* ]]; then
  complete -F _tsbpftool bpftool
fi
