# Generated from the command definitions. Do not edit.

_tsbpftool() {
  local cur=${COMP_WORDS[COMP_CWORD]} words='' files='' line i
  local typed=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == -* ]] || typed+=("${COMP_WORDS[i]}")
  done
  if [[ $cur == -* ]]; then
    words='--base-btf --bpffs --debug --help --json --mapcompat --netns --nomount --pretty --sign --use-loader --version'
  elif ((${#typed[@]} == 0)); then
    words='help batch version schema prog map link cgroup perf net feature btf gen struct_ops iter token'
  elif ((${#typed[@]} == 1)); then
    case ${typed[0]} in
    prog) words='show list help dump pin load loadall attach detach tracelog run profile' ;;
    map) words='show list help dump update lookup getnext delete pin event_pipe create peek push enqueue pop dequeue freeze schema export import' ;;
    link) words='show list help pin detach' ;;
    cgroup) words='show list tree attach detach help' ;;
    perf) words='show list help' ;;
    net) words='show list attach detach help' ;;
    feature) words='probe list_builtins help' ;;
    btf) words='show list help dump types find' ;;
    gen) words='object skeleton subskeleton min_core_btf help' ;;
    struct_ops) words='show list register unregister dump help' ;;
    iter) words='help pin' ;;
    token) words='show list help' ;;
    batch) words='file' ;;
    schema) words='help batch version prog map link cgroup perf net feature btf gen struct_ops iter token' ;;
    esac
  else
    while IFS= read -r line; do
      if [[ $line == :files ]]; then files=1; else words+="$line"$'\n'; fi
    done < <("${COMP_WORDS[0]}" __complete "${typed[@]}" "$cur" 2>/dev/null)
  fi
  local IFS=$' \t\n'
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ -n $files ]]; then
    IFS=$'\n'
    COMPREPLY+=($(compgen -f -- "$cur"))
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _tsbpftool tsbpftool
